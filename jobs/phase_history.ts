import { and, desc, eq } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { history, type PhaseName, phases, type SessionKind } from "../db/schema.ts";
import type { WorkerIdentity } from "./queue/workers.ts";
import type { Session } from "./session_state.ts";

/** A phase that has just been completed. */
export interface Ending {
  session: Session;
  phase: typeof phases.$inferSelect;
  worker: WorkerIdentity;
}

/** Fewer items than this say more about start-up than about the machine. */
const LEAST_ITEMS = 20;

/** Runs that are looked back at: enough to even out, few enough to follow a new disk. */
const RUNS = 5;

/** The phase that is opened with the first count of items, from which all times are foretold. */
export const firstCounted = (kind: SessionKind): PhaseName =>
  kind === "folders" || kind === "models" ? "training" : "face_detection";

/**
 * The phase by whose items the time of another is foretold. A run after a change of models may have
 * vectors to make and no faces to find, or the other way round: there each has its own.
 */
const measuredBy = (kind: SessionKind, phase: PhaseName): PhaseName =>
  kind === "models" && phase !== "training" ? "face_detection" : firstCounted(kind);

/**
 * Writes down what a phase of a session's first round cost on this device with these models. A
 * grouping alone has no items by which another could be foretold, and what began with other models
 * says nothing about either.
 */
export async function rememberPhase(tx: Tx, { session, phase, worker }: Ending): Promise<void> {
  if (phase.name === "discovery" || session.kind === "clustering") return;
  if (session.round > 1 || phase.done === 0) return;
  const { clip, faces } = worker.models;
  if (session.clipModel !== clip.key || session.faceModel !== faces.key) return;
  const by = measuredBy(session.kind, phase.name);
  const [{ total }] = await tx.select({ total: phases.total }).from(phases)
    .where(and(eq(phases.sessionId, session.id), eq(phases.name, by)));
  if ((total ?? 0) < LEAST_ITEMS) return;
  await tx.insert(history).values({
    device: worker.device,
    models: basis(worker, session.kind),
    phase: phase.name,
    items: total!,
    seconds: phase.activeSeconds,
  });
}

/**
 * Seconds a phase is expected to take in a session of this kind with so many items of the phase
 * it is measured by, on this device with these models: the mean of the last five runs, weighted
 * by their size; null without history.
 */
export async function expectedSeconds(
  tx: Tx,
  { worker, kind, phase, items }: {
    worker: WorkerIdentity;
    kind: SessionKind;
    phase: PhaseName;
    items: number;
  },
): Promise<number | null> {
  const rows = await tx.select().from(history).where(
    and(
      eq(history.device, worker.device),
      eq(history.models, basis(worker, kind)),
      eq(history.phase, phase),
    ),
  ).orderBy(desc(history.finishedAt)).limit(RUNS);
  const before = rows.reduce((sum, row) => sum + row.items, 0);
  if (before === 0) return null;
  return rows.reduce((sum, row) => sum + row.seconds, 0) / before * items;
}

// What faces cost for a file that is read and for a photo that is looked at again are two things.
const basis = ({ models }: WorkerIdentity, kind: SessionKind) =>
  `${models.clip.key} ${models.faces.key}${kind === "folders" ? "" : ` ${kind}`}`;
