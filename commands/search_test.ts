import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paintPictures } from "../jobs/change_models_testing.ts";
import { testWorker } from "../jobs/testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Names that a shell, or a viewer that reads options, would take for something else. */
const NAMES = ["a b", "-rf", "$(touch x); 'y' \"z\" & %", "line\nbreak", "🏖️"];

Deno.test("search on the command line", async (t) => {
  const worker = await testWorker();
  const folder = await Deno.realPath(worker.photos);
  await paintPictures(folder, NAMES);
  await worker.run({ rootPath: folder });
  const programs = await Deno.makeTempDir();
  const shown = join(programs, "shown");

  async function run(args: string[], { path = Deno.env.get("PATH")! } = {}) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, "search", ...args, "--data", worker.config.dataDir],
      env: {
        DATABASE_URL: worker.database.url,
        PATH: path,
        SAFELIGHT_MODELS: "",
        SAFELIGHT_LOG_LEVEL: "",
      },
    }).output();
    return { code, out: text(stdout), err: text(stderr) };
  }
  const pathOf = (name: string) => join(folder, `${name}.png`);

  await t.step("finds pictures like a picture, and prints what the API gives", async () => {
    const { code, out } = await run(["--like", pathOf("🏖️"), "--json", "--limit", "1"]);
    const found = JSON.parse(out);
    assert.equal(code, 0);
    assert.equal(found.results[0].path, pathOf("🏖️"));
    assert.ok(found.results[0].score > 0.999 && found.nextCursor);
  });

  await t.step("filters without words are enough", async () => {
    const { code, out } = await run(["--folder", folder]);
    assert.equal(code, 0);
    for (const name of NAMES) assert.ok(out.includes(pathOf(name)));
    assert.equal((await run(["--folder", join(folder, "none")])).code, 1);
  });

  await t.step("says what it cannot use", async () => {
    const cases: [string[], RegExp][] = [
      [[], /Cannot search for nothing/],
      [["red", "--limit", "0"], /--limit is "0"/],
      [["red", "--taken", "once upon a time"], /--taken is "once upon a time", expected a time/],
      [["red", "--person", "Nobody"], /--person is "Nobody", but nobody is called so/],
      [["--like", join(folder, "gone.png")], /Cannot read ".*gone.png", which --like names/],
      [["--like", MAIN], /Cannot search with ".*main.ts"/],
    ];
    const results = await Promise.all(cases.map(([args]) => run(args)));
    for (const [i, { code, out, err }] of results.entries()) {
      assert.deepEqual([code, out], [2, ""], cases[i][0].join(" "));
      assert.match(err, cases[i][1]);
    }
  });

  await t.step({
    name: "opens what it found, whatever the files are called",
    ignore: Deno.build.os !== "linux",
    async fn() {
      // Each name as its own argument, and nothing else.
      await Deno.writeTextFile(
        join(programs, "xdg-open"),
        `#!/bin/sh\nprintf '%s\\0' "$#" "$@" >> '${shown}'\n`,
        { mode: 0o755 },
      );
      const path = `${programs}:${Deno.env.get("PATH")}`;
      const { code } = await run(["--folder", folder, "--open"], { path });
      assert.equal(code, 0);
      const args = (await Deno.readTextFile(shown)).split("\0").slice(0, -1);
      assert.deepEqual(args.filter((_, i) => i % 2 === 0), NAMES.map(() => "1"));
      assert.deepEqual(
        args.filter((_, i) => i % 2 === 1).sort(),
        NAMES.map(pathOf).sort(),
      );
    },
  });

  await t.step({
    name: "says that there is no viewer, or that it gave up",
    ignore: Deno.build.os !== "linux",
    async fn() {
      const empty = await Deno.makeTempDir();
      const none = await run(["--folder", folder, "--open"], { path: empty });
      assert.equal(none.code, 2);
      assert.match(none.err, /this machine has no "xdg-open"; install xdg-utils/);
      assert.ok(none.out.includes(pathOf("-rf")), "what was found is printed all the same");
      await Deno.writeTextFile(join(empty, "xdg-open"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
      const failing = await run(["--folder", folder, "--open"], { path: empty });
      assert.equal(failing.code, 2);
      assert.match(failing.err, /xdg-open ended with code 3/);
      await Deno.remove(empty, { recursive: true });
    },
  });

  await Deno.remove(programs, { recursive: true });
  await worker.close();
});
