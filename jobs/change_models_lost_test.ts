import assert from "node:assert/strict";
import type { Db, Tx } from "../db/client.ts";
import { events } from "../db/schema.ts";
import { readChosen } from "../models/chosen.ts";
import { useModels } from "./change_models.ts";
import { installTinyPack, paintPictures } from "./change_models_testing.ts";
import { testWorker } from "./testing.ts";

Deno.test("file and database agree, whatever became of the end of a choice", async () => {
  const worker = await testWorker();
  const { db, config: { dataDir } } = worker;
  await installTinyPack(dataDir, { name: "two", batch: 1 });
  await paintPictures(worker.photos, ["a picture"]);
  await worker.run();

  const chosen = await readChosen(dataDir);
  const told = async () =>
    (await db.select().from(events)).filter(({ kind }) => kind === "models_changed").length;
  const before = await told();
  const lost = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  /** A database that loses the connection at the end of the first transaction. */
  const losing = (committed: boolean): Db => {
    let first = true;
    const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      if (!first) return await db.transaction(work);
      first = false;
      if (!committed) {
        return await db.transaction(async (tx) => {
          await work(tx);
          throw lost;
        });
      }
      await db.transaction(work);
      throw lost;
    };
    return new Proxy(db, {
      get: (target, name) => name === "transaction" ? transaction : Reflect.get(target, name),
    });
  };
  await assert.rejects(useModels(losing(false), { dataDir, pack: "two", by: "test" }), lost);
  assert.deepEqual([await readChosen(dataDir), await told()], [chosen, before]);

  const run = await useModels(losing(true), { dataDir, pack: "two", by: "test" });
  assert.deepEqual(await readChosen(dataDir), { clip: "two", faces: "two" });
  assert.equal(await told(), before + 1);
  assert.equal((await worker.ended(run!)).status, "completed");
  await worker.close();
});
