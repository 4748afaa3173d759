import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readConfig } from "../config.ts";
import { clusterings, faces, files, people, photos } from "../db/schema.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { peopleCommand, type PeopleOptions } from "./people.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const MODEL = "test-faces";

Deno.test("people list and people export", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const dir = await Deno.realPath(await testDirectory());
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", MAIN, "people", ...args, "--data", join(dir, "data")],
      env: { DATABASE_URL: database.url, SAFELIGHT_MODELS: "", SAFELIGHT_LOG_LEVEL: "" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  };

  await t.step("of nobody there is nothing to say", async () => {
    assert.deepEqual(await run("list"), {
      code: 0,
      out: 'Nobody yet; name the faces on the page "People"\n',
      err: "",
    });
    assert.deepEqual(JSON.parse((await run("list", "--json")).out), { people: [] });
    const { code, out } = await run("export", join(dir, "nothing"));
    assert.deepEqual([code, out], [0, `Wrote 0 sidecars with 0 faces to "${dir}/nothing"\n`]);
  });

  await db.insert(clusterings).values({
    model: MODEL,
    faces: 0,
    clusters: 0,
    noise: 0,
    loadedAt: new Date(),
  });
  const named = await db.insert(people).values([
    { name: "Ann\u001b[31m & Co" },
    { name: "Stranger", hidden: true },
    { name: "田中さん" },
    { name: null },
  ]).returning({ id: people.id });
  const [ann, stranger, tanaka, nameless] = named.map(({ id }) => id);
  for (let i = 0; i < 3; i++) {
    const [{ id }] = await db.insert(photos).values({
      sha256: `${i}`,
      byteSize: 1,
      width: 60,
      height: 40,
      format: "heic",
      dhash: `${i}`,
      flat: false,
      firstMtimeMs: 0,
      firstPath: `/photos/${i}.heic`,
      previewWidth: 60,
      previewHeight: 40,
    }).returning({ id: photos.id });
    await db.insert(files).values({ path: `/photos/${i}.heic`, size: 1, mtimeMs: 0, photoId: id });
    const face = {
      photoId: id,
      model: MODEL,
      box: [.1, .2, .3, .4],
      landmarks: [],
      score: 1,
      quality: 1,
      embedding: new Uint8Array(),
    };
    await db.insert(faces).values([
      { ...face, personId: tanaka, confirmed: i > 0 },
      ...(i === 0 ? [{ ...face, personId: ann }, { ...face, personId: stranger }] : []),
      ...(i === 1 ? [{ ...face, personId: nameless, confirmed: true }] : []),
    ]);
  }

  await t.step("the list has a line a person, those on most photos first", async () => {
    const { code, out, err } = await run("list");
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(out.split("\n"), [
      "photos  faces  confirmed  name",
      "------------------------------",
      "     3      3          2  田中さん",
      "     1      1          0  Ann\\u001b[31m & Co",
      "     1      1          1  (no name yet)",
      "",
    ]);
    assert.deepEqual(JSON.parse((await run("list", "--json")).out), {
      people: [
        { id: tanaka, name: "田中さん", photos: 3, faces: 3, confirmed: 2 },
        { id: ann, name: "Ann\u001b[31m & Co", photos: 1, faces: 1, confirmed: 0 },
        { id: nameless, name: null, photos: 1, faces: 1, confirmed: 1 },
      ],
    });
  });

  await t.step(
    "an export says how much it wrote, and ends with 1 if something is missing",
    async () => {
      const folder = join(dir, "out");
      const written = await run("export", folder);
      assert.deepEqual(written, {
        code: 0,
        out: `Wrote 3 sidecars with 4 faces to "${folder}"\n`,
        err: "",
      });
      assert.match(await Deno.readTextFile(join(folder, "2.heic.xmp")), /Name>田中さん</);
      const again = await run("export", folder);
      assert.deepEqual([again.code, again.out], [2, ""]);
      assert.match(again.err, /^Cannot export to ".*out": it is not empty; --force replaces.*\n$/);
      await Deno.mkdir(join(folder, "1.heic.json"));
      const partly = await run("export", folder, "--force", "--format", "json");
      assert.equal(partly.code, 1);
      assert.match(partly.out, /^Wrote 2 sidecars with 3 faces to .*; 1 could not be written/);
      assert.match(partly.err, /^"\/photos\/1\.heic": .*directory/i);
    },
  );

  await t.step("what makes no sense is refused with what would", async () => {
    const config = readConfig({ SAFELIGHT_DATA: join(dir, "data"), DATABASE_URL: database.url });
    const asked = (words: string[], options: Partial<PeopleOptions> = {}) =>
      peopleCommand(config, { words, force: false, json: false, ...options });
    for (const words of [[], ["export"], ["export", " "], ["list", "everybody"], ["import", "a"]]) {
      await assert.rejects(asked(words), /^Error: Say what to do with people:/);
    }
    await assert.rejects(asked(["export", "a", "b"]), /^Error: There is no use for "b"/);
    await assert.rejects(asked(["list"], { force: true }), /has no use for --format and --force/);
    await assert.rejects(asked(["export", "a"], { json: true }), /has no use for --json/);
    await assert.rejects(
      asked(["export", "a"], { format: "exif" }),
      /^Error: --format is "exif", expected xmp or json/,
    );
    await assert.rejects(
      asked(["export", join(dir, "data", "x")]),
      /^Error: Cannot export to ".*x": the data directory is there; choose another folder/,
    );
  });
  await database.drop();
  await Deno.remove(dir, { recursive: true });
});
