import type { Context } from "hono";
import { openModelsRun, readServing } from "../db/serving_queries.ts";
import { listWorkers, type WorkerRow } from "../db/worker_queries.ts";
import { findModels } from "../jobs/chosen_models.ts";
import { LEASE_SECONDS } from "../jobs/queue/leases.ts";
import type { Chosen } from "../models/chosen.ts";
import { packsDir } from "../models/installed.ts";
import { BUILTIN } from "../models/pack.ts";
import type { ModelsView } from "../views/models_page.tsx";
import type { PackKind } from "../views/pack_view.ts";
import type { Env } from "./env.ts";
import { readPacks } from "./packs.ts";

/** As many workers as anybody has; what they run on is mostly the same. */
const WORKERS_ASKED = 50;

/** Everything the models page shows. */
export async function modelsView(c: Context<Env>): Promise<ModelsView> {
  const { config: { modelsDir, dataDir } } = c.var;
  const [{ packs, chosen, faults }, workers] = await Promise.all([
    readPacks(c.var),
    readWorkers(c),
  ]);
  return {
    packs,
    faults,
    modelsDir,
    packsDir: packsDir(dataDir),
    former: await readFormer(c, { chosen, workers }),
    devices: devicesOf(workers),
    now: new Date(),
  };
}

/** What the models in use do not answer yet, and the run that they wait for. */
async function readFormer(
  c: Context<Env>,
  { chosen, workers }: { chosen: Chosen | null; workers: WorkerRow[] },
): Promise<ModelsView["former"]> {
  const { database: { db }, config: { modelsDir, dataDir } } = c.var;
  const [serving, sessionId] = await Promise.all([readServing(db), openModelsRun(db)]);
  // Null: nothing was ever looked at.
  const kinds = (["clip", "faces"] as const).filter((kind) => serving[kind] !== null);
  if (kinds.length === 0) return null;
  const isInUse = modelsDir !== null
    ? ofWorkers(workers)
    : chosen && await ofChoice(dataDir, chosen);
  const former = isInUse ? kinds.filter((kind) => !isInUse(kind, serving[kind]!)) : [];
  if (former.length === 0) return null;
  // An open run is for what was chosen, never for a folder of one's own.
  return { kinds: former, sessionId: modelsDir === null ? sessionId : null };
}

type IsInUse = (kind: PackKind, key: string) => boolean;

/** By the keys of the chosen packs; by their names, with which keys begin, if one cannot be opened. */
async function ofChoice(dataDir: string, chosen: Chosen): Promise<IsInUse> {
  const names = { clip: chosen.clip ?? BUILTIN, faces: chosen.faces ?? BUILTIN };
  const models = await findModels(dataDir, names).catch(() => null);
  return (kind, key) => models ? models[kind].key === key : key.startsWith(`${names[kind]}@`);
}

// To know the keys of a folder of one's own, all its graphs are read: whoever works has done that.
function ofWorkers(workers: WorkerRow[]): IsInUse | null {
  if (workers.length === 0) return null;
  return (kind, key) =>
    workers.some(({ clipModel, faceModel }) => (kind === "clip" ? clipModel : faceModel) === key);
}

async function readWorkers(c: Context<Env>): Promise<WorkerRow[]> {
  const asked = { lease: LEASE_SECONDS, limit: WORKERS_ASKED, files: 0 };
  const { workers } = await listWorkers(c.var.database.db, asked);
  return workers.filter(({ silentSeconds }) => silentSeconds <= LEASE_SECONDS);
}

/** What the models of living workers run on, each answer once. */
function devicesOf(workers: WorkerRow[]): ModelsView["devices"] {
  const same = Map.groupBy(workers, ({ device, deviceReason }) => `${device}\n${deviceReason}`);
  return [...same.values()].map((group) => ({
    device: group[0].device,
    reason: group[0].deviceReason,
    workers: group.length,
  }));
}
