import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { type PhaseName, phases, type PhaseWeights, sessions } from "../db/schema.ts";
import { expectedSeconds } from "./advance.ts";
import { DEFAULT_WEIGHTS } from "./progress.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

export interface Opening {
  session: typeof sessions.$inferSelect;
  phase: PhaseName;
  worker: WorkerIdentity;
}

/**
 * Opens a phase behind a terminal one: makes its jobs, takes the ledger from the rows and lets it
 * run. Repeating it makes no second job. Training also freezes the weights, now that the number of
 * items is known.
 */
export async function openPhase(tx: Tx, opening: Opening): Promise<void> {
  const { session, phase } = opening;
  if (phase === "training") await freezeWeights(tx, opening);
  if (phase === "face_detection") await queuePhotos(tx, opening);
  if (phase === "clustering") await queueClustering(tx, opening);
  else await takeLedger(tx, session.id, phase);
  await tx.update(phases).set({
    status: "running",
    runningSince: sql`now()`,
    openedRound: session.round,
    startedAt: sql`coalesce(started_at, now())`,
  }).where(and(eq(phases.sessionId, session.id), eq(phases.name, phase)));
}

// Photos this session saw and that this face model has not looked at yet, wherever they were first
// found; a duplicate shares the faces of its representative.
async function queuePhotos(tx: Tx, { session, worker }: Opening): Promise<void> {
  await tx.execute(sql`
    insert into jobs (session_id, phase, subject)
    select distinct ${session.id}::bigint, 'face_detection', p.id
    from files f join photos p on p.id = f.photo_id
    where f.seen_session_id = ${session.id} and f.missing_at is null
      and p.representative_id is null
      and not exists (select from face_scans s
        where s.photo_id = p.id and s.model = ${worker.models.faces.key})
    order by 3
    on conflict (session_id, phase, subject) do nothing`);
}

// One job a round; its ledger is in units of work, which it announces itself.
async function queueClustering(tx: Tx, { session }: Opening): Promise<void> {
  await tx.execute(sql`
    insert into jobs (session_id, phase, subject)
    values (${session.id}, 'clustering', ${session.round})
    on conflict (session_id, phase, subject) do update set state = 'queued', run_at = now(),
      attempt = 0, reason = null, message = null, finished_at = null
    where jobs.state in ('failed', 'cancelled')`);
  await tx.update(phases).set({ total: null, done: 0, skipped: 0, failed: 0, cancelled: 0 })
    .where(and(eq(phases.sessionId, session.id), eq(phases.name, "clustering")));
}

/** Sets a phase's ledger to what its job rows amount to. */
export async function takeLedger(tx: Tx, id: number, phase: PhaseName): Promise<void> {
  await tx.execute(sql`
    update phases set total = c.total, done = c.done, skipped = c.skipped, failed = c.failed,
      cancelled = c.cancelled, baseline = c.total - c.pending
    from (select count(*)::int as total,
        count(*) filter (where state = 'done')::int as done,
        count(*) filter (where state = 'skipped')::int as skipped,
        count(*) filter (where state = 'failed')::int as failed,
        count(*) filter (where state = 'cancelled')::int as cancelled,
        count(*) filter (where state in ('queued', 'running'))::int as pending
      from jobs where session_id = ${id} and phase = ${phase}) c
    where session_id = ${id} and name = ${phase}`);
}

async function freezeWeights(tx: Tx, { session, worker }: Opening): Promise<void> {
  const [{ items }] = await tx.execute<{ items: number }>(sql`
    select count(*)::int as items from jobs
    where session_id = ${session.id} and phase = 'training' and state in ('queued', 'running')`);
  const weights = await measuredWeights(tx, worker, items) ?? DEFAULT_WEIGHTS;
  await tx.update(sessions).set({
    weights,
    device: worker.device,
    clipModel: worker.models.clip.key,
    faceModel: worker.models.faces.key,
  }).where(eq(sessions.id, session.id));
}

async function measuredWeights(
  tx: Tx,
  worker: WorkerIdentity,
  items: number,
): Promise<PhaseWeights | null> {
  const seconds = async (phase: PhaseName) => await expectedSeconds(tx, { worker, phase, items });
  const training = await seconds("training");
  const faces = await seconds("face_detection");
  const clustering = await seconds("clustering");
  if (!training || !faces || !clustering) return null;
  return { training, face_detection: faces, clustering, measured: true };
}
