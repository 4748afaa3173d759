import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { sampleLibrary } from "../e2e/sample.ts";
import { checkLedgers } from "./check_ledgers.ts";
import { createSession, pauseSession, resumeSession, startSession } from "./lifecycle.ts";
import { testWorker } from "./testing.ts";
import { runWorker } from "./worker.ts";

Deno.test("sessions over the same folders do each photo's work once between them", async (t) => {
  const worker = await testWorker();
  const { db, engine, photos } = worker;
  const sample = await sampleLibrary();
  for (const folder of ["family", "colours"]) {
    await cp(join(sample.path, folder), join(photos, folder), { recursive: true });
  }
  const inferred = { images: 0, faces: 0 };
  const { embedImages, findFaces } = engine;
  engine.embedImages = (images) => {
    inferred.images += images.length;
    return embedImages(images);
  };
  engine.findFaces = (previews, options) => {
    inferred.faces += previews.length;
    return findFaces(previews, options);
  };
  const counted = async () => {
    const [row] = await db.execute<{ vectors: number; scans: number }>(sql`
      select (select count(*)::int from embeddings) as vectors,
        (select count(*)::int from face_scans) as scans`);
    return row;
  };
  const start = async (subdirectories: string[]) => {
    const id = await createSession(db, { name: "t", rootPath: photos, subdirectories });
    await startSession(db, id);
    return id;
  };

  await t.step("at the same time, with two workers", async () => {
    const stop = new AbortController();
    const database = { db, sql: worker.sql, url: "", close: () => Promise.resolve() };
    const second = runWorker({ database, config: worker.config, engine, stopping: stop.signal });
    const ids = await Promise.all([start([""]), start(["family"]), start(["family", "colours"])]);
    const results = await Promise.all(ids.map((id) => worker.ended(id)));
    stop.abort();
    await second;
    for (const result of results) {
      assert.equal(result.status, "completed", JSON.stringify(result));
      assert.equal(result.outcome, "clean");
    }
    const { vectors, scans } = await counted();
    const done = results.reduce((sum, { ledger }) => sum + ledger.training.done, 0);
    assert.equal(done, vectors);
    assert.deepEqual(inferred, { images: vectors, faces: scans });
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("one that is paused leaves its share of the faces to the other", async () => {
    await db.execute(sql`truncate photos, files, embeddings, faces, face_scans cascade`);
    const paused = await start([""]);
    await pauseSession(db, paused);
    const result = await worker.ended(await start(["family"]));
    assert.equal(result.status, "completed");
    const { scans } = await counted();
    assert(scans > 0);
    // Whoever saw the files last, every session looks for the faces in its own folders.
    assert.equal(result.ledger.face_detection.done, scans);
    await resumeSession(db, paused);
    const late = await worker.ended(paused);
    assert.equal(late.status, "completed");
    assert.equal(late.ledger.face_detection.failed, 0);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await worker.close();
  await sample.remove();
});
