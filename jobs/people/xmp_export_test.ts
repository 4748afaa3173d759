import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { XMLParser } from "fast-xml-parser";
import sharp from "sharp";
import { clusterings, faces, files, people, photos } from "../../db/schema.ts";
import { testDatabase, testDirectory } from "../../db/testing.ts";
import { createSession } from "../lifecycle.ts";
import { exportFolder, exportPeople, type SidecarFormat } from "./xmp_export.ts";

const MODEL = "test-faces";

/** A library on disk and in the database, as sessions leave it. */
async function library() {
  const database = await testDatabase();
  const { db } = database;
  const home = await Deno.realPath(await testDirectory());
  const root = join(home, "Pictures");
  const dataDir = join(home, "data");
  await Deno.mkdir(dataDir);
  const jpeg = await sharp({
    create: { width: 60, height: 40, channels: 3, background: "#808080" },
  }).jpeg().toBuffer();
  await db.insert(clusterings).values({
    model: MODEL,
    faces: 0,
    clusters: 0,
    noise: 0,
    loadedAt: new Date(),
  });
  let made = 0;
  const addPhoto = async (paths: string[], options: { of?: number; missing?: boolean } = {}) => {
    const [{ id }] = await db.insert(photos).values({
      sha256: `${made}`,
      byteSize: 1,
      width: 60,
      height: 40,
      format: "jpeg",
      dhash: `${made++}`,
      flat: false,
      representativeId: options.of,
      firstMtimeMs: 0,
      firstPath: paths[0],
      previewWidth: 60,
      previewHeight: 40,
    }).returning({ id: photos.id });
    for (const path of paths) {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true });
      await Deno.writeFile(join(root, path), jpeg);
    }
    await db.insert(files).values(paths.map((path) => ({
      path: join(root, path),
      size: 1,
      mtimeMs: 0,
      photoId: id,
      missingAt: options.missing ? new Date() : null,
    })));
    return id;
  };
  const addPerson = async (name: string | null, hidden = false) => {
    const [{ id }] = await db.insert(people).values({ name, hidden }).returning({ id: people.id });
    return id;
  };
  const addFace = (photoId: number, values: Partial<typeof faces.$inferInsert>) =>
    db.insert(faces).values({
      photoId,
      model: MODEL,
      box: [.1, .2, .3, .4],
      landmarks: [],
      score: 1,
      quality: 1,
      embedding: new Uint8Array(),
      confirmed: true,
      ...values,
    });
  const exported = async (
    format: SidecarFormat,
    { folder, signal = new AbortController().signal }: { folder: string; signal?: AbortSignal },
  ) => {
    const failures: [string, string][] = [];
    const result = await exportPeople(db, {
      folder,
      format,
      signal,
      onFailure: (path, reason) => failures.push([relative(root, path), reason]),
    });
    return { ...result, failures };
  };
  return {
    ...{ database, db, home, root, dataDir, addPhoto, addPerson, addFace, exported },
    session: () => createSession(db, { name: "one", rootPath: root, subdirectories: [""] }),
    folder: (dir: string, force = false) =>
      exportFolder(db, { dir: join(home, dir), dataDir, force }),
    async close() {
      await database.drop();
      await Deno.remove(home, { recursive: true });
    },
  };
}

async function below(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) found.push(name);
    else found.push(...(await below(join(folder, name))).map((path) => join(name, path)));
  }
  return found.sort();
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  isArray: (name) => name === "rdf:li",
});

async function namesIn(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  if (path.endsWith(".json")) {
    return JSON.parse(text).faces.map(({ name }: { name: string }) => name);
  }
  const regions = parser.parse(text)["x:xmpmeta"]["rdf:RDF"]["rdf:Description"]["mwg-rs:Regions"];
  return regions["mwg-rs:RegionList"]["rdf:Bag"]["rdf:li"].map((region: Record<string, string>) =>
    region["mwg-rs:Name"]
  );
}

Deno.test("sidecars mirror the library and tell who is on each file", async (t) => {
  const home = await library();
  const { root, addPhoto, addPerson, addFace, exported } = home;
  await home.session();
  const ann = await addPerson("Ann <b>&"), bo = await addPerson("Bo");
  const stranger = await addPerson("Stranger", true), nameless = await addPerson(null);
  const both = await addPhoto(["2024/May/both.jpg", "copies/both again.jpg"]);
  await addFace(both, { personId: bo, box: [.6, .2, .1, .1], confirmed: false, similarity: .75 });
  await addFace(both, { personId: ann });
  await addFace(both, { personId: stranger });
  await addFace(both, { personId: nameless });
  await addFace(both, { personId: ann, notAFace: true });
  await addFace(both, { personId: bo, model: "another-model" });
  await addFace(both, {});
  const small = await addPhoto(["2024/small.jpg"], { of: both });
  const drawn = await addPhoto(["line\nbreak é.jpg"]);
  await addFace(drawn, { personId: bo, model: "drawn", score: 1, quality: 0 });
  const gone = await addPhoto(["gone.jpg"], { missing: true });
  await addFace(gone, { personId: bo });
  await addFace(await addPhoto(["strangers.jpg"]), { personId: stranger });
  await addPhoto(["nobody.jpg"]);
  assert.ok(small > both);
  const before = await Promise.all((await below(root)).map((path) => Deno.stat(join(root, path))));
  const expected = [
    "2024/May/both.jpg",
    "2024/small.jpg",
    "copies/both again.jpg",
    "line\nbreak é.jpg",
  ];

  for (const format of ["xmp", "json"] as const) {
    await t.step(`as ${format}`, async () => {
      const folder = await home.folder(format);
      assert.deepEqual(await exported(format, { folder }), {
        sidecars: 4,
        faces: 7,
        failed: 0,
        failures: [],
      });
      assert.deepEqual(await below(folder), expected.map((path) => `${path}.${format}`));
      for (const path of expected.slice(0, 3)) {
        assert.deepEqual(await namesIn(join(folder, `${path}.${format}`)), ["Ann <b>&", "Bo"]);
      }
      assert.deepEqual(await namesIn(join(folder, `${expected[3]}.${format}`)), ["Bo"]);
    });
  }

  await t.step("JSON says how the program knows, and boxes of the upright picture", async () => {
    const text = await Deno.readTextFile(join(home.home, "json/2024/May/both.jpg.json"));
    assert.deepEqual(JSON.parse(text), {
      path: join(root, "2024/May/both.jpg"),
      width: 60,
      height: 40,
      faces: [
        {
          name: "Ann <b>&",
          box: { x: .1, y: .2, width: .3, height: .4 },
          confirmed: true,
          similarity: null,
        },
        {
          name: "Bo",
          box: { x: .6, y: .2, width: .1, height: .1 },
          confirmed: false,
          similarity: .75,
        },
      ],
    });
  });

  await t.step("originals are as they were, and alone", async () => {
    const after = await Promise.all((await below(root)).map((path) => Deno.stat(join(root, path))));
    assert.deepEqual(
      after.map(({ mtime, size, ino }) => [mtime, size, ino]),
      before.map(({ mtime, size, ino }) => [mtime, size, ino]),
    );
  });

  await t.step("what cannot be written is named, and the rest is written", async () => {
    const folder = await home.folder("partly");
    await Deno.remove(join(root, "2024/small.jpg"));
    await Deno.mkdir(join(folder, "copies/both again.jpg.xmp"), { recursive: true });
    const { sidecars, failed, failures } = await exported("xmp", { folder });
    assert.deepEqual([sidecars, failed], [2, 2]);
    assert.deepEqual(failures.map(([path]) => path).sort(), [
      "2024/small.jpg",
      "copies/both again.jpg",
    ]);
    const reasons = new Map(failures);
    assert.match(reasons.get("2024/small.jpg")!, /how the picture is turned.*--format json/);
    assert.match(reasons.get("copies/both again.jpg")!, /directory/i);
    assert.deepEqual(await below(folder), ["2024/May/both.jpg.xmp", "line\nbreak é.jpg.xmp"]);
  });

  await t.step(
    "links in the folder lead nowhere else, and are replaced where a file goes",
    async () => {
      const folder = await home.folder("linked");
      await Deno.symlink(root, join(folder, "copies"));
      await Deno.mkdir(join(folder, "2024/May"), { recursive: true });
      const original = join(root, "2024/May/both.jpg");
      await Deno.symlink(original, join(folder, "2024/May/both.jpg.json"));
      const { failures, sidecars } = await exported("json", { folder });
      assert.equal(sidecars, 3);
      assert.match(failures[0][1], /is no folder, or a link to one elsewhere/);
      assert.deepEqual((await Deno.readFile(original)).subarray(0, 2), Uint8Array.of(0xff, 0xd8));
      assert.ok((await Deno.lstat(join(folder, "2024/May/both.jpg.json"))).isFile);
      assert.ok(!(await below(root)).some((path) => path.endsWith(".json")));
    },
  );

  await t.step("a folder with something in it wants --force, which keeps the rest", async () => {
    await Deno.writeTextFile(join(home.home, "json/mine.txt"), "mine");
    await assert.rejects(
      home.folder("json"),
      /Cannot export to ".*json": it is not empty; --force/,
    );
    const folder = await home.folder("json", true);
    await Deno.writeTextFile(join(folder, "2024/May/both.jpg.json"), "old");
    assert.equal((await exported("json", { folder })).sidecars, 4);
    assert.deepEqual(await namesIn(join(folder, "2024/May/both.jpg.json")), ["Ann <b>&", "Bo"]);
    assert.equal(await Deno.readTextFile(join(folder, "mine.txt")), "mine");
    await Deno.writeTextFile(join(home.home, "file"), "");
    await assert.rejects(home.folder("file", true), /Cannot export to ".*file"/);
  });

  await t.step("places that are the library's or the program's are refused", async () => {
    await Deno.symlink(root, join(home.home, "alias"));
    const among = /is a folder of the library, and nothing is written beside originals/;
    for (const dir of ["Pictures", "Pictures/new/export", "alias", "alias/x", ""]) {
      await assert.rejects(home.folder(dir, true), dir === "" ? /data directory/ : among);
    }
    await assert.rejects(home.folder("data/export", true), /the data directory is there/);
    await home.database.sql`delete from sessions`;
    await assert.rejects(home.folder("Pictures/2024", true), /pictures of the library lie there/);
    for (const dir of ["Pictures/2024/out", "Pictures/copies/new/out", "Pictures/other/out"]) {
      await assert.rejects(home.folder(dir), /a folder above it holds pictures of the library/);
    }
    assert.equal(await home.folder("Pictures beside"), join(home.home, "Pictures beside"));
    await assert.rejects(Deno.stat(join(root, "new")), Deno.errors.NotFound);
  });
  await home.close();
});

Deno.test("a library in several folders keeps them apart, and is written page by page", async () => {
  const home = await library();
  const { db, root, addPerson, addPhoto, addFace, exported } = home;
  await createSession(db, { name: "a", rootPath: root, subdirectories: ["one/DCIM", "two/DCIM"] });
  await createSession(db, { name: "b", rootPath: "/nothing/is/here", subdirectories: [""] });
  const bo = await addPerson("Bo");
  const first = await addPhoto(["one/DCIM/a.jpg"]);
  await addFace(first, { personId: bo });
  // More than two pages of files of one photo.
  await db.insert(files).values(Array.from({ length: 1100 }, (_, i) => ({
    path: join(root, "two/DCIM", `${i}.jpg`),
    size: 1,
    mtimeMs: 0,
    photoId: first,
  })));
  const folder = await home.folder("out");
  const { sidecars, faces, failed } = await exported("json", { folder });
  assert.deepEqual([sidecars, faces, failed], [1101, 1101, 0]);
  const found = await below(folder);
  assert.equal(found.length, 1101);
  assert.ok(found.includes("one/DCIM/a.jpg.json") && found.includes("two/DCIM/1099.jpg.json"));

  const stopped = new AbortController();
  stopped.abort();
  const none = await exported("json", {
    folder: await home.folder("none"),
    signal: stopped.signal,
  });
  assert.equal(none.sidecars, 0);
  await home.close();
});

Deno.test("a library without people exports nothing", async () => {
  const home = await library();
  const folder = await home.folder("out");
  assert.deepEqual(await home.exported("xmp", { folder }), {
    sidecars: 0,
    faces: 0,
    failed: 0,
    failures: [],
  });
  assert.deepEqual(await below(folder), []);
  await home.close();
});
