import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { previewPath } from "../db/photo_store.ts";
import { vectorOfBytes } from "../db/vectors.ts";
import { sampleLibrary } from "../e2e/sample.ts";
import { useModels } from "./change_models.ts";
import { installTinyPack } from "./change_models_testing.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { testWorker } from "./testing.ts";

Deno.test("another model's vectors are made from previews, without any original", async (t) => {
  const worker = await testWorker();
  const { db, photos, config: { dataDir } } = worker;
  const sample = await sampleLibrary();
  for (const folder of ["family", "colours"]) {
    await cp(join(sample.path, folder), join(photos, folder), { recursive: true });
  }

  /** What the models in use made of the photos that represent themselves, by path. */
  async function vectors(model: string) {
    const rows = await db.execute<{ path: string; vector: Uint8Array }>(sql`
      select p.first_path as path, e.vector from embeddings e join photos p on p.id = e.photo_id
      where e.model = ${model} and p.representative_id is null`);
    return new Map(rows.map(({ path, vector }) => [path, vectorOfBytes(vector)]));
  }

  /** Changes to a pack and waits for the run over the library that follows. */
  async function change(pack: string) {
    const run = await useModels(db, { dataDir, pack, by: "test" });
    const { outcome, ledger: { training } } = await worker.ended(run!);
    assert.equal(outcome, "clean");
    assert.deepEqual(await checkLedgers(db), []);
    assert.equal(training.done, fromOriginals.size);
    return await vectors(worker.engine.models.clip.key);
  }

  const { status } = await worker.run();
  assert.equal(status, "completed");
  const builtin = worker.engine.models.clip.key;
  const fromOriginals = await vectors(builtin);
  assert(fromOriginals.size > 20);
  const [kept] = fromOriginals.keys();
  const original = await Deno.readFile(kept);
  // Gone, and no walk has seen it.
  await Deno.remove(photos, { recursive: true });

  await t.step("two packs, one after the other", async () => {
    for (const name of ["one", "two"]) {
      await installTinyPack(dataDir, { name, batch: name === "two" ? 1 : undefined });
      const made = await change(name);
      assert.deepEqual([...made.keys()].sort(), [...fromOriginals.keys()].sort());
    }
  });

  await t.step("the same as from the originals, but for what JPEG takes", async () => {
    await db.execute(sql`delete from embeddings where model = ${builtin}`);
    const fromPreviews = await change("builtin");
    const cosines = [...fromOriginals].map(([path, vector]) => {
      const other = fromPreviews.get(path)!;
      return vector.reduce((sum, value, index) => sum + value * other[index], 0);
    });
    const least = Math.min(...cosines);
    assert(least >= 0.99, `the least cosine is ${least}`);
    assert(least < 1 - 1e-9, "these vectors were not made anew");
  });

  await t.step("without its preview a photo is read again, and has one again", async () => {
    const [{ sha256 }] = await db.execute<{ sha256: string }>(sql`
      select sha256 from photos where first_path = ${kept}`);
    const preview = previewPath(dataDir, sha256);
    await Deno.remove(preview);
    await Deno.mkdir(join(kept, ".."), { recursive: true });
    await Deno.writeFile(kept, original);
    await db.execute(sql`delete from embeddings where model <> ${builtin}`);
    assert((await change("one")).has(kept));
    assert((await Deno.stat(preview)).isFile);
  });

  await worker.close();
  await sample.remove();
});
