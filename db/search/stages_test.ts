import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { textEncoders } from "../../commands/text_encoders.ts";
import { readConfig } from "../../config.ts";
import { installTinyPack, paintPictures } from "../../jobs/change_models_testing.ts";
import { findModels } from "../../jobs/chosen_models.ts";
import { testWorker } from "../../jobs/testing.ts";
import { packsDir } from "../../models/installed.ts";
import { createSearch } from "./search.ts";
import { createStages } from "./stages.ts";
import { readServing } from "../serving_queries.ts";
import { testDatabase, testDirectory } from "../testing.ts";

Deno.test("a pack that was gone answers again once it is back", async () => {
  const database = await testDatabase();
  const dataDir = await testDirectory();
  await installTinyPack(dataDir, { name: "one" });
  const builtin = await findModels(dataDir);
  const one = await findModels(dataDir, { clip: "one", faces: "one" });
  const place = join(packsDir(dataDir), "one");
  await Deno.rename(place, `${place}.away`);
  const open = textEncoders(readConfig({ SAFELIGHT_DATA: dataDir }));
  const stages = createStages(database.url, open, { lookAgainMs: 0 });
  const model = (wanted: string) =>
    stages.on(wanted, ({ encoder }) => Promise.resolve(encoder.models.clip.key));
  assert.equal(await model(one.clip.key), builtin.clip.key);
  assert.equal(await model(one.clip.key), builtin.clip.key, "looked again, and still gone");
  await Deno.rename(`${place}.away`, place);
  // The former one answers while the other is loading, on a busy machine.
  while (await model(one.clip.key) !== one.clip.key) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await stages.close();
  await database.drop();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("models of SAFELIGHT_MODELS answer at once, and say what they lack", async () => {
  const worker = await testWorker();
  const { db, database, config } = worker;
  await paintPictures(worker.photos, ["a", "b", "c"]);
  await worker.run();
  const former = (await readServing(db)).clip;
  await installTinyPack(config.dataDir, { name: "one" });
  const own = { ...config, modelsDir: join(packsDir(config.dataDir), "one") };
  const { clip } = await findModels(config.dataDir, { clip: "one", faces: "one" });
  assert.notEqual(former, clip.key);

  const lacking = createSearch(database, textEncoders(own));
  const found = await lacking.find({ words: "red", filter: {}, limit: 10 });
  assert.equal(found.model, clip.key);
  assert.match(found.notice!, /before SAFELIGHT_MODELS was set/);
  await lacking.close();
  await db.execute(sql`
    insert into embeddings (photo_id, model, vector)
    select id, ${clip.key}, decode(repeat('00', 12), 'hex') from photos`);
  const complete = createSearch(database, textEncoders(own));
  const all = { words: "red", filter: {}, limit: 10, everything: true };
  assert.equal((await complete.find(all)).notice, null);
  await complete.close();
  await worker.close();
});
