import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { faceModels, people } from "../../db/schema.ts";
import { writeServing } from "../../db/serving_queries.ts";
import { announce } from "../session_state.ts";
import { testWorker } from "../testing.ts";
import { registerFaceModel } from "./face_models.ts";

Deno.test("a worker says what its face model is, and looks for people who have changed", async () => {
  const worker = await testWorker();
  const { db, engine } = worker;
  const { key, dimension } = engine.models.faces;
  const registered = () => db.select().from(faceModels).where(eq(faceModels.model, key));
  const soon = async (done: () => Promise<boolean>) => {
    while (!await done()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await soon(async () => (await registered()).length === 1);
  const { certain, likely } = engine.thresholds;
  assert.deepEqual(await registered(), [{ model: key, dimension, certain, likely }]);

  await registerFaceModel(db, {
    models: engine.models,
    thresholds: { ...engine.thresholds, certain: 0.9 },
  });
  assert.equal((await registered())[0].certain, 0.9, "a pack whose manifest has changed");

  await writeServing(db, { faces: key });
  const [{ id }] = await db.insert(people).values({ name: "Anna" }).returning();
  await announce(db);
  await soon(async () => !(await db.select().from(people).where(eq(people.id, id)))[0].stale);
  await worker.close();
});
