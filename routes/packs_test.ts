import assert from "node:assert/strict";
import { readConfig } from "../config.ts";
import { catalogue } from "../models/catalogue.ts";
import { readPacks } from "./packs.ts";
import { createPulls } from "./pulls.ts";

Deno.test("a pull that ends while the disk is read is still under way, not absent", async () => {
  const dataDir = await Deno.makeTempDir();
  const pulls = createPulls({ dataDir, catalogue: catalogue() });
  const [{ name }] = pulls.catalogue;
  let ended = false;
  queueMicrotask(() => ended = true);
  const { packs } = await readPacks({
    config: readConfig({ SAFELIGHT_DATA: dataDir }),
    pulls: {
      ...pulls,
      work: (asked) => asked === name && !ended ? { state: "pulling", progress: null } : null,
    },
  });
  const status = packs.map((pack) => [pack.name, pack.status]);
  assert.deepEqual(status.find(([pack]) => pack === name), [name, "fetching"]);
  assert.deepEqual(
    new Set(status.slice(1).map(([, said]) => said)),
    new Set(["fetching", "absent"]),
  );
  await Deno.remove(dataDir, { recursive: true });
});
