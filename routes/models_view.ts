import type { Context } from "hono";
import { openModelsRun, readServing } from "../db/serving_queries.ts";
import { listWorkers } from "../db/worker_queries.ts";
import { LEASE_SECONDS } from "../jobs/queue/leases.ts";
import type { Chosen } from "../models/chosen.ts";
import { packsDir } from "../models/installed.ts";
import type { ModelsView } from "../views/models_page.tsx";
import type { Env } from "./env.ts";
import { BUILTIN } from "../models/pack.ts";
import { readPacks } from "./packs.ts";

/** As many workers as anybody has; what they run on is mostly the same. */
const WORKERS_ASKED = 50;

/** Everything the models page shows. */
export async function modelsView(c: Context<Env>): Promise<ModelsView> {
  const { config: { modelsDir, dataDir } } = c.var;
  const [{ packs, chosen, faults }, devices] = await Promise.all([
    readPacks(c.var),
    readDevices(c),
  ]);
  return {
    packs,
    faults,
    modelsDir,
    packsDir: packsDir(dataDir),
    former: chosen && modelsDir === null ? await readFormer(c, chosen) : null,
    devices,
    now: new Date(),
  };
}

/** What the models that were chosen do not answer yet, and the run that they wait for. */
async function readFormer(c: Context<Env>, chosen: Chosen): Promise<ModelsView["former"]> {
  const { db } = c.var.database;
  const [serving, sessionId] = await Promise.all([readServing(db), openModelsRun(db)]);
  // A key is the name of its pack with a hash; null: nothing was ever looked at.
  const kinds = (["clip", "faces"] as const).filter((kind) =>
    serving[kind] !== null && !serving[kind].startsWith(`${chosen[kind] ?? BUILTIN}@`)
  );
  return kinds.length > 0 ? { kinds, sessionId } : null;
}

/** What the models of living workers run on, each answer once. */
async function readDevices(c: Context<Env>): Promise<ModelsView["devices"]> {
  const asked = { lease: LEASE_SECONDS, limit: WORKERS_ASKED, files: 0 };
  const { workers } = await listWorkers(c.var.database.db, asked);
  const alive = workers.filter(({ silentSeconds }) => silentSeconds <= LEASE_SECONDS);
  const same = Map.groupBy(alive, ({ device, deviceReason }) => `${device}\n${deviceReason}`);
  return [...same.values()].map((group) => ({
    device: group[0].device,
    reason: group[0].deviceReason,
    workers: group.length,
  }));
}
