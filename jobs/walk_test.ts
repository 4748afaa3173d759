import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../db/testing.ts";
import { walk, type WalkEvent } from "./walk.ts";

async function collect(root: string, recursive = true): Promise<WalkEvent[]> {
  const events: WalkEvent[] = [];
  for await (const event of walk(root, { recursive })) {
    if (event.kind !== "folder") events.push(event);
  }
  return events;
}

const names = (events: WalkEvent[], root: string) =>
  events.flatMap((event) => event.kind === "file" ? [event.file.path.slice(root.length + 1)] : [])
    .sort();

Deno.test("a walk", async (t) => {
  const root = await testDirectory();
  const odd = [
    "quote \" and ' here.jpg",
    "new\nline.jpg",
    "sunset 🌅.JPG",
    "-rf.jpeg",
    "100 % <b>.png",
  ];
  const deep = join(root, "a", "b", "c");
  await Deno.mkdir(deep, { recursive: true });
  for (const name of odd) await Deno.writeTextFile(join(deep, name), "x");
  await Deno.writeTextFile(join(root, "top.webp"), "x");
  await Deno.writeTextFile(join(root, "notes.txt"), "x");
  await Deno.writeTextFile(join(root, ".hidden.jpg"), "x");
  await Deno.mkdir(join(root, "@eaDir"));
  await Deno.writeTextFile(join(root, "@eaDir", "thumb.jpg"), "x");

  await t.step("finds pictures with any name, and nothing else", async () => {
    const found = names(await collect(root), root);
    assert.deepEqual(found, [...odd.map((name) => `a/b/c/${name}`), "top.webp"].sort());
  });

  await t.step("stays in the folder itself unless it is recursive", async () => {
    assert.deepEqual(names(await collect(root, false), root), ["top.webp"]);
  });

  await t.step("survives loops of links, and walks no folder twice", async () => {
    await Deno.symlink(root, join(deep, "up"));
    await Deno.symlink(join(root, "a"), join(root, "again"));
    await Deno.symlink("itself", join(root, "itself"));
    await Deno.symlink("nowhere", join(root, "dangling.jpg"));
    const events = await collect(root);
    assert.equal(names(events, root).length, odd.length + 1);
    const unreadable = events.flatMap((e) => e.kind === "unreadable" ? [e.path] : []).sort();
    assert.deepEqual(unreadable, [join(root, "dangling.jpg"), join(root, "itself")]);
  });

  await t.step("reports a name that is not UTF-8", async () => {
    // Deno cannot write such a name; a shell can.
    const script = `touch "$(printf '${root}/bad\\377.jpg')"`;
    assert.ok((await new Deno.Command("sh", { args: ["-c", script] }).output()).success);
    const bad = (await collect(root)).filter((event) => event.kind === "bad_name");
    assert.equal(bad.length, 1);
  });

  await t.step("throws for a root that is not there", async () => {
    await assert.rejects(collect(join(root, "gone")), Deno.errors.NotFound);
  });

  await t.step("reports a folder it may not read and goes on", async () => {
    await Deno.mkdir(join(root, "locked"));
    await Deno.chmod(join(root, "locked"), 0o000);
    const script = `import { walk } from ${JSON.stringify(import.meta.resolve("./walk.ts"))};
      for await (const event of walk(Deno.args[0], { recursive: true })) {
        if (event.kind !== "folder") console.log(JSON.stringify(event));
      }`;
    const output = await withoutPrivilege([
      Deno.execPath(),
      ...["eval", "--no-config", "--no-lock", script, root],
    ]).output();
    const text = new TextDecoder().decode(output.stdout);
    assert.ok(output.success, new TextDecoder().decode(output.stderr));
    const events = text.trim().split("\n").map((line) => JSON.parse(line) as WalkEvent);
    assert.ok(events.some((e) => e.kind === "unreadable" && e.path === join(root, "locked")));
    assert.ok(names(events, root).length >= odd.length + 1);
    await Deno.chmod(join(root, "locked"), 0o700);
  });

  await Deno.remove(root, { recursive: true });
});

// Root reads everything; without these two capabilities it is bound by permissions like anybody.
function withoutPrivilege([program, ...args]: string[]): Deno.Command {
  if (Deno.uid() !== 0) return new Deno.Command(program, { args });
  const drop = "--bounding-set=-dac_override,-dac_read_search";
  return new Deno.Command("setpriv", { args: [drop, program, ...args] });
}
