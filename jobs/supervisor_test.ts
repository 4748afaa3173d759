import assert from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { testDirectory } from "../db/testing.ts";
import { superviseWorker, workerPermissions } from "./supervisor.ts";

const config = readConfig({ SAFELIGHT_DATA: "/nowhere" });

const script = (text: string) => () =>
  new Deno.Command("sh", { args: ["-c", text], stdin: "piped", stdout: "null", stderr: "null" });

Deno.test("a worker that dies is buried and started again, with growing pauses", async () => {
  const dir = await testDirectory();
  const starts = join(dir, "starts");
  const buried: number[] = [];
  const supervisor = superviseWorker(config, "postgres://nowhere", {
    command: script(`date +%s%N >> ${starts}; exit 3`),
    onDeath: (pid) => Promise.resolve(void buried.push(pid)),
  });
  await new Promise((resolve) => setTimeout(resolve, 3800));
  await supervisor.stop();
  const times = (await Deno.readTextFile(starts)).trim().split("\n").map((time) =>
    Number(time) / 1e9
  );
  assert.equal(times.length, 3, "after 0, 1 and 3 seconds");
  assert.ok(times[1] - times[0] >= 0.95 && times[2] - times[1] >= 1.95, times.join(" "));
  assert.equal(new Set(buried).size, 3);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("stop asks the worker to finish and waits for it", async () => {
  const dir = await testDirectory();
  const [ready, ended] = [join(dir, "ready"), join(dir, "ended")];
  const supervisor = superviseWorker(config, "postgres://nowhere", {
    command: script(
      `trap 'sleep 0.3; touch ${ended}; exit 0' TERM; touch ${ready}; while :; do sleep 0.05; done`,
    ),
  });
  while (!await Deno.stat(ready).catch(() => null)) await new Promise((r) => setTimeout(r, 20));
  await supervisor.stop();
  assert.ok(await Deno.stat(ended));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a worker may write to its data directory and nowhere else", async () => {
  const dir = await testDirectory();
  const [data, photo] = [join(dir, "data"), join(dir, "photo.jpg")];
  await Deno.mkdir(data);
  await Deno.writeTextFile(photo, "a memory");
  const program = join(dir, "try.ts");
  await Deno.writeTextFile(
    program,
    `
    Deno.writeTextFileSync(${JSON.stringify(join(data, "preview"))}, "x");
    for (const act of [
      () => Deno.writeTextFileSync(${JSON.stringify(photo)}, "x"),
      () => Deno.openSync(${JSON.stringify(photo)}, { read: true, append: true }),
      () => Deno.removeSync(${JSON.stringify(photo)}),
      () => Deno.renameSync(${JSON.stringify(photo)}, ${JSON.stringify(join(data, "stolen"))}),
      () => Deno.utimeSync(${JSON.stringify(photo)}, 0, 0),
      () => Deno.chmodSync(${JSON.stringify(photo)}, 0o600),
    ]) {
      try { act(); console.log("allowed"); } catch (error) { console.log(error.name); }
    }`,
  );
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", ...workerPermissions(data), program],
  }).output();
  const lines = new TextDecoder().decode(output.stdout).trim().split("\n");
  assert.deepEqual(lines, Array(6).fill("NotCapable"));
  assert.equal(await Deno.readTextFile(photo), "a memory");
  await Deno.remove(dir, { recursive: true });
});
