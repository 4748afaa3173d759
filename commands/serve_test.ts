import assert from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { readChosen, writeChosen } from "../models/chosen.ts";
import { packsDir } from "../models/installed.ts";
import { serveCommand } from "./serve.ts";

Deno.test("a choice that cannot be opened is mended on the page it is told on", async () => {
  const database = await testDatabase();
  const dataDir = await testDirectory();
  const config = readConfig({
    SAFELIGHT_DATA: dataDir,
    DATABASE_URL: database.url,
    SAFELIGHT_PORT: "0",
    SAFELIGHT_LOG_LEVEL: "error",
  });
  const broken = [
    {
      choose: () => Deno.writeTextFile(join(packsDir(dataDir), "chosen.json"), "["),
      told: /Cannot read which models were chosen/,
      said: /Search has no models: .*models use NAME"/,
    },
    {
      choose: () => writeChosen(dataDir, { clip: "gone", faces: "gone" }),
      told: /The pack gone is chosen, but it is not installed/,
      // Those used before the choice went wrong still answer.
      said: /No picture is searchable yet/,
    },
  ];
  try {
    await Deno.mkdir(packsDir(dataDir));
    for (const { choose, told, said } of broken) {
      await choose();
      const address = Promise.withResolvers<string>();
      const stop = new AbortController();
      const options = { ready: address.resolve, stopping: stop.signal, worker: false };
      const served = serveCommand(config, options);
      served.catch(address.reject);
      const url = await address.promise;
      const search = async () => await (await fetch(`${url}/api/v1/search?q=red`)).json();
      assert.match((await search()).message, said);
      assert.match(await (await fetch(`${url}/models`)).text(), told);
      const used = await fetch(`${url}/models/builtin/use`, {
        method: "POST",
        headers: { origin: url },
        redirect: "manual",
      });
      await used.body?.cancel();
      assert.equal(used.status, 303);
      assert.deepEqual(await readChosen(dataDir), { clip: null, faces: null });
      const { message, builtinModels } = await search();
      assert.match(message, /No picture is searchable yet/);
      assert.equal(builtinModels, true);
      stop.abort();
      assert.equal(await served, 0);
    }
  } finally {
    await database.drop();
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a database without pgvector is told at the start, where searches want it", async () => {
  const database = await testDatabase();
  const dataDir = await testDirectory();
  const config = readConfig({
    ...{ SAFELIGHT_DATA: dataDir, DATABASE_URL: database.url, SAFELIGHT_PORT: "0" },
    ...{ SAFELIGHT_LOG_LEVEL: "error", SAFELIGHT_VECTORS: "pgvector" },
  });
  const { signal } = new AbortController();
  await assert.rejects(serveCommand(config, { worker: false, stopping: signal }), {
    name: "PgvectorMissing",
    message: /SAFELIGHT_VECTORS is "pgvector", but the database .* install pgvector 0.8 or newer/,
  });
  await database.drop();
  await Deno.remove(dataDir, { recursive: true });
});
