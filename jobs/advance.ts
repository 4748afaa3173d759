import { and, desc, eq, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { history, type PhaseName, phases, sessions } from "../db/schema.ts";
import { announce, bankTime, lockSession, refreshStatus, SessionNotFound } from "./lifecycle.ts";
import { openPhase } from "./open_phase.ts";
import { isTerminal } from "./status.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

const ORDER: PhaseName[] = ["discovery", "training", "face_detection", "clustering"];

/**
 * Moves a session as far as its rows allow: a running phase without pending items is completed,
 * the next one opened with its jobs, and so on; after the last the session is completed. Behind
 * the lock on the session row and idempotent, so any worker may call it at any time.
 */
export async function advanceSession(db: Db, id: number, worker: WorkerIdentity): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      const session = await lockSession(tx, id);
      let moved = false;
      for (const name of ORDER) {
        let phase = await phaseRow(tx, id, name);
        if (phase.status === "pending" && name !== "discovery") {
          await openPhase(tx, { session, phase: name, worker });
          phase = await phaseRow(tx, id, name);
          moved = true;
        }
        if (phase.status === "running" && hasEnded(phase)) {
          await completePhase(tx, session, phase, worker);
          moved = true;
        } else if (!isTerminal(phase.status)) break;
        else if (phase.status === "failed" || phase.status === "cancelled") break;
      }
      if (!moved) return;
      const status = await refreshStatus(tx, id);
      if (status === "completed") {
        await tx.update(sessions).set({ completedAt: sql`now()` }).where(eq(sessions.id, id));
      }
      await announce(tx);
    });
  } catch (error) {
    if (!(error instanceof SessionNotFound)) throw error;
  }
}

/** Ends a phase and with it the session: this phase failed, those behind it cancelled, with the reason. */
export async function failPhase(
  tx: Tx,
  options: { sessionId: number; phase: PhaseName; message: string },
): Promise<void> {
  const { sessionId, phase, message } = options;
  await lockSession(tx, sessionId);
  await tx.execute(sql`
    update phases set status = case when name = ${phase} then 'failed' else 'cancelled' end,
      error = case when name = ${phase} then ${message} end, completed_at = now(),
      running_since = null, ${bankTime}
    where session_id = ${sessionId} and status in ('pending', 'running', 'paused')`);
  await tx.update(sessions).set({ error: message, completedAt: sql`now()` })
    .where(eq(sessions.id, sessionId));
  await refreshStatus(tx, sessionId);
  await announce(tx);
}

/**
 * Sessions that could move: a running phase in which nothing is left (a crash between two commits),
 * or one waiting to be opened (a new round).
 */
export async function sessionsToAdvance(db: Db): Promise<number[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select s.id from sessions s
    where s.status in ('running', 'discovering') and s.deleted_at is null and (
      exists (select from phases p where p.session_id = s.id and p.status = 'running'
        and p.done + p.skipped + p.failed + p.cancelled >= p.total)
      or not exists (select from phases p where p.session_id = s.id
        and p.status in ('running', 'paused')))`);
  return rows.map((row) => Number(row.id));
}

const phaseRow = async (tx: Tx, id: number, name: PhaseName) => {
  const [row] = await tx.select().from(phases)
    .where(and(eq(phases.sessionId, id), eq(phases.name, name)));
  return row;
};

type Phase = typeof phases.$inferSelect;

function hasEnded(phase: Phase): boolean {
  return phase.total !== null &&
    phase.done + phase.skipped + phase.failed + phase.cancelled >= phase.total;
}

async function completePhase(
  tx: Tx,
  session: typeof sessions.$inferSelect,
  phase: Phase,
  worker: WorkerIdentity,
): Promise<void> {
  const [ended] = await tx.update(phases).set({
    status: "completed",
    completedAt: sql`now()`,
    runningSince: null,
    activeSeconds: sql`active_seconds + coalesce(extract(epoch from now() - running_since), 0)`,
  }).where(and(eq(phases.sessionId, session.id), eq(phases.name, phase.name))).returning();
  await remember(tx, session, ended, worker);
}

/** Fewer items than this say more about start-up than about the machine. */
const LEAST_ITEMS = 20;

async function remember(
  tx: Tx,
  session: typeof sessions.$inferSelect,
  phase: Phase,
  worker: WorkerIdentity,
): Promise<void> {
  if (phase.name === "discovery" || session.round > 1 || phase.done === 0) return;
  const items = (await phaseRow(tx, session.id, "training")).total ?? 0;
  if (items < LEAST_ITEMS) return;
  await tx.insert(history).values({
    device: worker.device,
    models: modelsKey(worker),
    phase: phase.name,
    items,
    seconds: phase.activeSeconds,
  });
}

/** The models a history row is about. */
export const modelsKey = ({ models }: WorkerIdentity) => `${models.clip.key} ${models.faces.key}`;

/**
 * Seconds this phase is expected to take for `items` training items on this device with these
 * models: the mean of the last five runs, weighted by their size; null without history.
 */
export async function expectedSeconds(
  tx: Tx,
  options: { worker: WorkerIdentity; phase: PhaseName; items: number },
): Promise<number | null> {
  const rows = await tx.select().from(history).where(
    and(
      eq(history.device, options.worker.device),
      eq(history.models, modelsKey(options.worker)),
      eq(history.phase, options.phase),
    ),
  ).orderBy(desc(history.finishedAt)).limit(5);
  const items = rows.reduce((sum, row) => sum + row.items, 0);
  if (items === 0) return null;
  return rows.reduce((sum, row) => sum + row.seconds, 0) / items * options.items;
}
