import assert from "node:assert/strict";
import { join } from "node:path";
import type hnswlib from "hnswlib-node";
import { testDirectory } from "../testing.ts";
import { createGrowingIndex, type GrowingIndex } from "./growing.ts";
import { createSnapshotStore, type SnapshotSettings } from "./snapshot_store.ts";
import type { Stamp } from "./snapshot_files.ts";
import { clusteredVectors, withHnswlib } from "./testing.ts";

const DIMENSION = 16;
const MODEL = "test@000000000000";
const STAMP: Stamp = {
  database: "1/2/3",
  token: "snapshot of the test",
  cursor: "77",
  lookedAt: "2026-01-01 00:00:00+00",
};
const { vectors, queries } = clusteredVectors(3000, DIMENSION, { queries: 10 });

const stamp = () => Promise.resolve(STAMP);
const anyStamp = () => Promise.resolve(null);

function filled(library: typeof hnswlib | null, count: number): GrowingIndex {
  const index = createGrowingIndex(library, DIMENSION, { exactLimit: 1000 });
  for (let i = 0; i < count; i++) index.add(2 ** 33 + i, vectors[i]);
  while (index.build(1000));
  return index;
}

/** A snapshot store over a folder of its own, and where the one snapshot in it lies. */
async function store(library: typeof hnswlib | null) {
  const dataDir = await testDirectory();
  const settings = { dataDir, model: MODEL, dimension: DIMENSION, library, exactLimit: 1000 };
  const open = (other: Partial<SnapshotSettings> = {}) =>
    createSnapshotStore({ ...settings, ...other });
  async function snapshots(): Promise<string[]> {
    const folders = await Array.fromAsync(Deno.readDir(join(dataDir, "vectors")));
    const all = await Promise.all(folders.map(async ({ name }) => {
      const folder = join(dataDir, "vectors", name);
      return (await Array.fromAsync(Deno.readDir(folder))).map((one) => join(folder, one.name));
    }));
    return all.flat();
  }
  return { dataDir, open, snapshots, remove: () => Deno.remove(dataDir, { recursive: true }) };
}

const answers = (index: GrowingIndex) =>
  queries.map((query) => [
    index.find(query, 10),
    index.find(query, 10, { among: Float64Array.from({ length: 500 }, (_, i) => 2 ** 33 + 4 * i) }),
  ]);

Deno.test("an index comes back from its snapshot as it was, a graph and a small one", async () => {
  await withHnswlib(async (library) => {
    for (const count of [900, 3000]) {
      const { open, snapshots, remove } = await store(library);
      const index = filled(library, count);
      // Free rows in the middle, and one that was given again.
      for (let i = 0; i < count; i += 10) index.remove(2 ** 33 + i);
      index.add(2 ** 33, vectors[5]);
      while (index.build(1000));
      await open().save(index, { stamp });
      const loaded = await open().load(anyStamp);
      assert.deepEqual(loaded!.stamp, STAMP);
      assert.equal(loaded!.index.kind, index.kind);
      assert.equal(loaded!.index.size, index.size);
      assert.deepEqual(loaded!.index.ids().sort(), index.ids().sort());
      assert.deepEqual(answers(loaded!.index), answers(index));
      // It can be changed and written as the one before.
      for (let i = 0; i < count; i += 7) loaded!.index.remove(2 ** 33 + i);
      for (let i = 0; i < 50; i++) loaded!.index.add(i + 1, vectors[i]);
      while (loaded!.index.build(1000));
      await open().save(loaded!.index, { stamp });
      assert.equal((await snapshots()).length, 1, "the older one is removed");
      const again = await open().load(anyStamp);
      assert.deepEqual(answers(again!.index), answers(loaded!.index));
      [index, loaded!.index, again!.index].forEach((one) => one.close());
      await remove();
    }
  });
});

/** Changes a file of the snapshot so that it is no good, and says what is logged then. */
const spoilt: Record<string, (folder: string) => Promise<void>> = {
  "one byte of the vectors": (folder) => flip(join(folder, "vectors"), 70_001),
  "one byte of hnswlib's header": (folder) => flip(join(folder, "vectors"), 17),
  "one byte of the ids": (folder) => flip(join(folder, "ids"), 11),
  "one byte of the manifest": (folder) => flip(join(folder, "snapshot.json"), 200),
  "cut off": (folder) => Deno.truncate(join(folder, "vectors"), 50_000),
  "an empty file": (folder) => Deno.truncate(join(folder, "vectors"), 0),
  "no ids": (folder) => Deno.remove(join(folder, "ids")),
  "no manifest": (folder) => Deno.remove(join(folder, "snapshot.json")),
};

async function flip(path: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[at] ^= 1;
  await Deno.writeFile(path, bytes);
}

Deno.test("a snapshot that is not whole is removed, and hnswlib never reads it", async (t) => {
  await withHnswlib(async (library) => {
    const index = filled(library, 3000);
    for (const [what, spoil] of Object.entries(spoilt)) {
      await t.step(what, async () => {
        const { open, snapshots, remove } = await store(library);
        await open().save(index, { stamp });
        await spoil((await snapshots())[0]);
        assert.equal(await open().load(anyStamp), null);
        assert.deepEqual(await snapshots(), []);
        await open().save(index, { stamp });
        assert.equal((await open().load(anyStamp))!.index.size, 3000);
        await remove();
      });
    }
    index.close();
  });
});

Deno.test("a snapshot of something else is not read", async (t) => {
  await withHnswlib(async (library) => {
    const index = filled(library, 1200);
    const { open, snapshots, remove } = await store(library);

    await t.step("of another database", async () => {
      await open().save(index, { stamp });
      const seen: Stamp[] = [];
      const judge = (stamp: Stamp) => Promise.resolve(seen.push(stamp) ? "foreign" : null);
      assert.equal(await open().load(judge), null);
      assert.deepEqual(seen, [STAMP]);
      assert.deepEqual(await snapshots(), []);
    });

    await t.step("of another model, whose own is kept", async () => {
      await open().save(index, { stamp });
      assert.equal(await open({ model: "other@000000000000" }).load(anyStamp), null);
      assert.equal((await snapshots()).length, 1);
      // As if somebody had copied the folder.
      const [own] = await snapshots();
      await open({ model: "other@000000000000" }).save(index, { stamp });
      const other = (await snapshots()).find((path) => path !== own)!;
      await Deno.remove(own, { recursive: true });
      await Deno.rename(other, own);
      assert.equal(await open().load(anyStamp), null);
    });

    await t.step("of another dimension, or format", async () => {
      await open().save(index, { stamp });
      assert.equal(await open({ dimension: 8 }).load(anyStamp), null);
      await open().save(index, { stamp });
      const path = join((await snapshots())[0], "snapshot.json");
      const [, ...lines] = (await Deno.readTextFile(path)).split("\n");
      const text = lines.join("\n").replace('"format": 1', '"format": 2');
      const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      await Deno.writeTextFile(path, `${new Uint8Array(sum).toHex()}\n${text}`);
      assert.equal(await open().load(anyStamp), null);
      assert.deepEqual(await snapshots(), []);
    });

    await t.step("of a graph where hnswlib is absent, which may come back", async () => {
      await open().save(index, { stamp });
      assert.equal(await open({ library: null }).load(anyStamp), null);
      assert.equal((await open().load(anyStamp))!.index.size, 1200);
    });
    index.close();
    await remove();
  });
});

Deno.test("a snapshot outlives faults that pass", async (t) => {
  await withHnswlib(async (library) => {
    const { open, snapshots, remove } = await store(library);
    const index = filled(library, 1200);
    await open().save(index, { stamp });
    const [whole] = await snapshots();

    await t.step("a database that goes away while it is asked", async () => {
      const fault = Object.assign(new Error("write CONNECTION_CLOSED"), {
        code: "CONNECTION_CLOSED",
      });
      await assert.rejects(open().load(() => Promise.reject(fault)), fault);
      assert.deepEqual(await snapshots(), [whole]);
    });

    await t.step("anything else that says nothing about it", async () => {
      assert.equal(await open().load(() => Promise.reject(new Error("out of memory"))), null);
      assert.deepEqual(await snapshots(), [whole]);
    });

    await t.step("times without hnswlib, in which others are written and read", async () => {
      const without = filled(null, 1300);
      await open({ library: null }).save(without, { stamp });
      await open({ library: null }).save(without, { stamp });
      assert.equal((await snapshots()).length, 2);
      assert.equal((await open({ library: null }).load(anyStamp))!.index.size, 1300);
      const back = (await open().load(anyStamp))!.index;
      assert.deepEqual([back.kind, back.size], ["hnsw", 1200]);
      await open().save(back, { stamp });
      assert.equal((await snapshots()).length, 1);
      back.close();
    });
    index.close();
    await remove();
  });
});

Deno.test("what a killed process left half written is not read, and removed after an hour", async () => {
  const { open, snapshots, remove } = await store(null);
  const index = filled(null, 500);
  const killed = open().save(index, { stamp: () => Promise.reject(new Error("killed")) });
  await assert.rejects(killed, /killed/);
  assert.deepEqual(await snapshots(), []);
  await open().save(index, { stamp });
  const [whole] = await snapshots();
  // A process that is killed removes nothing; another one may still be writing.
  const [old, young] = ["making-1-old", "making-2-young"].map((name) => join(whole, "..", name));
  for (const left of [old, young]) {
    await Deno.mkdir(left);
    await Deno.copyFile(join(whole, "vectors"), join(left, "vectors"));
  }
  await Deno.utime(old, 1, 1);
  assert.equal((await open().load(anyStamp))!.index.size, 500);
  await open().save(index, { stamp });
  const names = (await snapshots()).map((path) => path.split("/").at(-1)!);
  assert.equal(names.length, 2);
  assert.ok(names.includes("making-2-young"));
  assert.equal((await open().load(anyStamp))!.index.size, 500);
  await remove();
});

Deno.test("a snapshot written while the other process reads an older one harms neither", async () => {
  await withHnswlib(async (library) => {
    const { open, snapshots, remove } = await store(library);
    const index = filled(library, 2000);
    await open().save(index, { stamp });
    const first = (await open().load(anyStamp))!.index;
    const before = answers(first);
    const [one, other] = [open(), open()];
    const second = filled(library, 3000);
    await Promise.all([one.save(index, { stamp }), other.save(second, { stamp })]);
    assert.deepEqual(answers(first), before, "read from a file that is removed");
    const loaded = await open().load(anyStamp);
    assert.ok([2000, 3000].includes(loaded!.index.size));
    assert.ok((await snapshots()).length <= 2);
    [index, first, second, loaded!.index].forEach((one) => one.close());
    await remove();
  });
});

Deno.test("a folder that cannot be written to says so, and what is there is still read", async () => {
  const { dataDir, open, remove } = await store(null);
  const index = filled(null, 500);
  await open().save(index, { stamp });
  const [{ name }] = await Array.fromAsync(Deno.readDir(join(dataDir, "vectors")));
  const folder = join(dataDir, "vectors", name);
  await Deno.chmod(folder, 0o555);
  if (Deno.uid() !== 0) {
    await assert.rejects(open().save(index, { stamp }), Deno.errors.PermissionDenied);
  }
  assert.equal((await open().load(anyStamp))!.index.size, 500);
  await Deno.chmod(folder, 0o755);
  // A file where the folder should be: refused to root too.
  const other = await testDirectory();
  await Deno.writeTextFile(join(other, "vectors"), "");
  await assert.rejects(open({ dataDir: other }).save(index, { stamp }));
  await Promise.all([remove(), Deno.remove(other, { recursive: true })]);
});

Deno.test("closing gives up reading and writing", async () => {
  const { open, snapshots, remove } = await store(null);
  const index = filled(null, 900);
  await assert.rejects(open().save(index, { stamp, givesUp: () => true }), /given up/);
  assert.deepEqual(await snapshots(), []);
  await open().save(index, { stamp });
  assert.equal(await open({ stopping: () => true }).load(anyStamp), null);
  assert.equal((await snapshots()).length, 1, "nothing was wrong with it");
  await remove();
});

Deno.test("where no folder can be looked into, there is no snapshot", async () => {
  const { dataDir, open, remove } = await store(null);
  await Deno.mkdir(join(dataDir, "vectors"));
  await Deno.writeTextFile(open().folder, "no folder");
  assert.equal(await open().load(anyStamp), null);
  await remove();
});
