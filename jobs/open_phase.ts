import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { type PhaseName, phases, sessions } from "../db/schema.ts";
import { areGrouped } from "../db/serving_queries.ts";
import { LEAST_QUALITY } from "./clustering/face_defaults.ts";
import { recordEvent } from "./events.ts";
import { freezeWeights } from "./freeze_weights.ts";
import { firstCounted } from "./phase_history.ts";
import { queueFiles, queuePhotos } from "./queue_items.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

export interface Opening {
  session: typeof sessions.$inferSelect;
  phase: PhaseName;
  worker: WorkerIdentity;
}

/**
 * Opens a phase behind a terminal one: makes its jobs, takes the ledger from the rows and lets it
 * run. Repeating it makes no second job. Training also freezes the weights, now that the number of
 * items is known. Items are made in portions, so that a pause finds the session unlocked: returns
 * where the next one begins, to be given as `after`, or null once the phase is open.
 */
export async function openPhase(
  tx: Tx,
  opening: Opening,
  { after }: { after: string },
): Promise<string | null> {
  const { session, phase } = opening;
  const queue = phase === "face_detection"
    ? queuePhotos
    : phase === "training" && session.kind === "models"
    ? queueFiles
    : null;
  const next = await queue?.(tx, opening, { after });
  if (next != null) return next;
  await tx.update(sessions).set(machine(opening.worker)).where(eq(sessions.id, session.id));
  if (phase === firstCounted(session.kind)) await freezeWeights(tx, opening);
  if (phase === "clustering") await queueClustering(tx, opening);
  else await takeLedger(tx, session.id, { phase, baseline: true });
  await tx.update(phases).set({
    status: "running",
    runningSince: sql`now()`,
    openedRound: session.round,
    startedAt: sql`coalesce(started_at, now())`,
  }).where(and(eq(phases.sessionId, session.id), eq(phases.name, phase)));
  await recordEvent(tx, { sessionId: session.id, kind: "phase_started", phase });
  return null;
}

// One job a round; its ledger is in units of work, which it announces itself. Models that somebody
// comes back to may have their groups still: then there is nothing to do.
async function queueClustering(tx: Tx, { session, worker }: Opening): Promise<void> {
  const model = worker.models.faces.key;
  const grouped = session.kind === "models" &&
    await areGrouped(tx, { model, minQuality: LEAST_QUALITY });
  if (!grouped) {
    await tx.execute(sql`
      insert into jobs (session_id, phase, subject)
      values (${session.id}, 'clustering', ${session.round})
      on conflict (session_id, phase, subject) do update set state = 'queued', run_at = now(),
        attempt = 0, deaths = 0, lone_deaths = 0, reason = null, message = null, error_kind = null,
        finished_at = null
      where jobs.state in ('failed', 'cancelled')`);
  }
  const total = grouped ? 0 : null;
  await tx.update(phases).set({ total, done: 0, skipped: 0, failed: 0, cancelled: 0 })
    .where(and(eq(phases.sessionId, session.id), eq(phases.name, "clustering")));
}

/**
 * Sets a phase's ledger to what its job rows amount to, and with `baseline` begins the round's
 * percentage there. The row is locked before the count: batches that commit meanwhile are either in
 * the count or come behind it.
 */
export async function takeLedger(
  tx: Tx,
  id: number,
  { phase, baseline }: { phase: PhaseName; baseline: boolean },
): Promise<void> {
  await tx.execute(sql`
    select from phases where session_id = ${id} and name = ${phase} for update`);
  await tx.execute(sql`
    update phases set total = c.total, done = c.done, skipped = c.skipped, failed = c.failed,
      cancelled = c.cancelled ${baseline ? sql`, baseline = c.total - c.pending` : sql``}
    from (select count(*)::int as total,
        count(*) filter (where state = 'done')::int as done,
        count(*) filter (where state = 'skipped')::int as skipped,
        count(*) filter (where state = 'failed')::int as failed,
        count(*) filter (where state = 'cancelled')::int as cancelled,
        count(*) filter (where state in ('queued', 'running'))::int as pending
      from jobs where session_id = ${id} and phase = ${phase}) c
    where session_id = ${id} and name = ${phase}`);
}

/** What a session remembers of the machine and models that work on it. */
const machine = (worker: WorkerIdentity) => ({
  device: worker.device,
  deviceReason: worker.deviceReason ?? null,
  clipModel: worker.models.clip.key,
  faceModel: worker.models.faces.key,
});
