import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { phases, sessions } from "../db/schema.ts";
import { type ProgressInput, type UnifiedProgress, unifiedProgress } from "./progress.ts";
import { LEASE_SECONDS } from "./queue/leases.ts";
import { workforce } from "./worker_state.ts";

/** Those heard of last; rows of workers that died on other hosts stay for a day. */
const WORKERS = 100;

/** Without a commit for this long something may be waited for. Retries begin after two seconds. */
const QUIET_SECONDS = 3;

/**
 * Queued items one look goes through, in the order of the claim: some milliseconds. No more can wait
 * for their next try at once while others fail at 20 a second, since after 128 s they come back.
 */
const LOOK = 3000;

/**
 * The unified progress of a session, from two statements on a few rows, whatever the library
 * holds; null if there is no such session.
 */
export async function readProgress(db: Db, id: number): Promise<UnifiedProgress | null> {
  const input = await readProgressInput(db, id);
  return input && unifiedProgress(input);
}

interface WorkerFacts {
  beat_at: string;
  device: string;
  device_reason: string | null;
  activity: string | null;
  silent: number;
  in_hand: number;
  still_seconds: number;
  patience_seconds: number;
}

async function readProgressInput(db: Db, id: number): Promise<ProgressInput | null> {
  const [rows, [around]] = await Promise.all([
    // One statement, so one snapshot: a round never meets the rows of another.
    db.select({
      session: {
        id: sessions.id,
        round: sessions.round,
        weights: sessions.weights,
        error: sessions.error,
        hold: sessions.hold,
        holdMessage: sessions.holdMessage,
        kind: sessions.kind,
        clipModel: sessions.clipModel,
        faceModel: sessions.faceModel,
      },
      phase: phases,
    }).from(sessions).innerJoin(phases, eq(phases.sessionId, sessions.id))
      .where(and(eq(sessions.id, id), isNull(sessions.deletedAt))),
    db.execute<{ now: string; workers: WorkerFacts[]; waiting: Waiting | null }>(sql`
      select clock_timestamp() as now,
        (select coalesce(json_agg(w), '[]') from (
          select beat_at, device, device_reason, activity, in_hand, still_seconds, patience_seconds,
            greatest(extract(epoch from clock_timestamp() - beat_at), 0)::float8 as silent
          from workers where ${mayWork(id)} order by beat_at desc limit ${WORKERS}) w) as workers,
        (${waiting(id)}) as waiting`),
  ]);
  if (rows.length === 0) return null;
  const { hold, holdMessage, kind, clipModel, faceModel, ...session } = rows[0].session;
  return {
    session: {
      ...session,
      models: kind === "models" ? `${clipModel} and ${faceModel}` : null,
      hold: hold === null ? null : { reason: hold, message: holdMessage ?? "" },
    },
    phases: rows.map((row) => row.phase),
    worker: workforce(around.workers.map((worker) => ({
      lastSeenAt: new Date(worker.beat_at),
      device: worker.device,
      deviceReason: worker.device_reason,
      activity: worker.activity,
      silentSeconds: worker.silent,
      inHand: worker.in_hand,
      stillSeconds: worker.still_seconds,
      patienceSeconds: worker.patience_seconds,
    }))),
    waiting: around.waiting && { ...around.waiting, until: new Date(around.waiting.until) },
    now: new Date(around.now),
  };
}

// A run after a change of models is for workers with those very models (see madeFor).
const mayWork = (sessionId: number): SQL =>
  sql`not exists (select from sessions s where s.id = ${sessionId} and s.kind = 'models'
    and (s.clip_model, s.face_model) is distinct from (workers.clip_model, workers.face_model))`;

interface Waiting {
  items: number;
  until: string;
}

/**
 * What the running phase waits for if nothing of it is in hand and nothing can be claimed: how many
 * items, and when the first is tried again; otherwise null. A range of jobs_queued, asked only where
 * somebody could work and nothing has moved for some seconds.
 */
const waiting = (sessionId: number): SQL =>
  sql`
    select json_build_object('items', count(*), 'until', min(q.run_at))
    from phases p
    cross join lateral (select run_at from jobs j
      where j.session_id = p.session_id and j.phase = p.name and j.state = 'queued'
      order by j.session_id, j.phase, j.priority, j.run_at, j.id limit ${LOOK + 1}) q
    where p.session_id = ${sessionId} and p.status = 'running'
      and clock_timestamp() - greatest(p.last_commit_at, p.running_since) >
        ${`${QUIET_SECONDS} seconds`}::interval
      and exists (select from workers
        where beat_at > clock_timestamp() - ${`${LEASE_SECONDS} seconds`}::interval)
      and not exists (select from jobs r
        where r.session_id = p.session_id and r.phase = p.name and r.state = 'running')
    having count(*) between 1 and ${LOOK} and min(q.run_at) > clock_timestamp()
      and min(q.run_at) <= clock_timestamp() + interval '3 minutes'`;
