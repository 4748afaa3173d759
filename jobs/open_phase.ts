import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { type PhaseName, phases, sessions } from "../db/schema.ts";
import { recordEvent } from "./events.ts";
import { expectedSeconds, measuredBy } from "./phase_history.ts";
import { DEFAULT_WEIGHTS } from "./progress.ts";
import type { WorkerIdentity } from "./queue/workers.ts";
import { inFolders, spread } from "./session_files.ts";

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
  if (phase === "face_detection") {
    const next = await queuePhotos(tx, opening, { after });
    if (next !== null) return next;
  }
  await tx.update(sessions).set(machine(opening.worker)).where(eq(sessions.id, session.id));
  if (phase === measuredBy(session.kind)) await freezeWeights(tx, opening);
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

/** Files looked at by one transaction: some 50 ms. */
const PORTION = 5000;

// Photos in the session's folders that this face model has not looked at yet, wherever they were
// first found; a duplicate shares the faces of its representative. A run over what exists looks
// again at all of them; the folders of its source are its own, since the source may be deleted
// by then. What somebody wants left alone is skipped.
async function queuePhotos(
  tx: Tx,
  { session, worker }: Opening,
  { after }: { after: string },
): Promise<string | null> {
  const again = session.kind === "faces";
  const library = again && session.sourceSessionId === null;
  const unseen = sql`and not exists (select from face_scans s
    where s.photo_id = p.id and s.model = ${worker.models.faces.key})`;
  const [{ last, looked }] = await tx.execute<{ last: string | null; looked: number }>(sql`
    with portion as materialized (
      select path, photo_id, missing_at from files
      where path > ${after} and ${library ? sql`true` : inFolders(session)}
      order by path limit ${PORTION}
    ), queued as (
      insert into jobs (session_id, phase, subject, priority, state, reason, message, finished_at)
      select ${session.id}::bigint, 'face_detection', p.id, ${spread(sql`p.id`)},
        case when p.ignored then 'skipped' else 'queued' end,
        case when p.ignored then 'ignored' end,
        case when p.ignored then ${IGNORED} end,
        case when p.ignored then now() end
      from (
        select distinct p.id, p.faces_ignored_at is not null as ignored
        from portion join photos p on p.id = portion.photo_id
        where portion.missing_at is null
          and p.representative_id is null ${again ? sql`` : unseen}
      ) p
      on conflict (session_id, phase, subject) do nothing
    )
    select max(path) as last, count(*)::int as looked from portion`);
  return looked < PORTION ? null : last;
}

/** For a person, on an item that somebody wants left alone. */
export const IGNORED = "Ignored until the file changes";

// One job a round; its ledger is in units of work, which it announces itself.
async function queueClustering(tx: Tx, { session }: Opening): Promise<void> {
  await tx.execute(sql`
    insert into jobs (session_id, phase, subject)
    values (${session.id}, 'clustering', ${session.round})
    on conflict (session_id, phase, subject) do update set state = 'queued', run_at = now(),
      attempt = 0, deaths = 0, lone_deaths = 0, reason = null, message = null, error_kind = null,
      finished_at = null
    where jobs.state in ('failed', 'cancelled')`);
  await tx.update(phases).set({ total: null, done: 0, skipped: 0, failed: 0, cancelled: 0 })
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

// At the first moment at which the number of items is known.
async function freezeWeights(tx: Tx, { session, phase, worker }: Opening): Promise<void> {
  const [{ items }] = await tx.execute<{ items: number }>(sql`
    select count(*)::int as items from jobs
    where session_id = ${session.id} and phase = ${phase} and state in ('queued', 'running')`);
  const { kind } = session;
  const expected = (phase: PhaseName) => expectedSeconds(tx, { worker, kind, phase, items });
  const seconds = {
    training: kind === "folders" ? await expected("training") : 0,
    face_detection: await expected("face_detection"),
    clustering: await expected("clustering"),
  };
  for (const [name, value] of Object.entries(seconds)) {
    await tx.update(phases).set({ expectedSeconds: value })
      .where(and(eq(phases.sessionId, session.id), eq(phases.name, name as PhaseName)));
  }
  const { training, face_detection, clustering } = seconds;
  const weights = training !== null && face_detection && clustering
    ? { training, face_detection, clustering, measured: true }
    : DEFAULT_WEIGHTS;
  await tx.update(sessions).set({ weights }).where(eq(sessions.id, session.id));
}

/** What a session remembers of the machine and models that work on it. */
const machine = (worker: WorkerIdentity) => ({
  device: worker.device,
  clipModel: worker.models.clip.key,
  faceModel: worker.models.faces.key,
});
