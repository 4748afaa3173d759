import { asc, count, desc, isNull, sql } from "drizzle-orm";
import type { Db, Tx } from "./client.ts";
import { events, type PhaseName, workers } from "./schema.ts";

export type WorkerEvent = typeof events.$inferSelect;

/** What a worker has in hand of one phase of one session. */
interface HeldItems {
  sessionId: number;
  sessionName: string;
  phase: PhaseName;
  items: number;
  /** When the first of them was taken. */
  since: Date;
  /** The first few; none in phases that are about no file. */
  files: { path: string; photoId: number | null }[];
}

export type WorkerRow = typeof workers.$inferSelect & {
  /** Seconds since the last beat, by the database's clock. */
  silentSeconds: number;
  held: HeldItems[];
};

export const silentSeconds = sql<number>`
  greatest(extract(epoch from clock_timestamp() - ${workers.beatAt}), 0)::float8`;

/**
 * Workers by host and process, those heard of within `lease` seconds first, with what they have in
 * hand and `files` names of it; and how many workers there are in all. Two statements, found by
 * index: a worker holds a few batches, however large the library.
 */
export async function listWorkers(
  db: Db | Tx,
  { lease, limit, files }: { lease: number; limit: number; files: number },
): Promise<{ workers: WorkerRow[]; total: number }> {
  const [rows, [{ total }]] = await Promise.all([
    db.select({ worker: workers, silentSeconds }).from(workers)
      .orderBy(sql`${silentSeconds} > ${lease}`, asc(workers.host), asc(workers.pid), workers.id)
      .limit(limit),
    db.select({ total: count() }).from(workers),
  ]);
  const held = await listHeld(db, rows.map(({ worker }) => worker.id), files);
  return {
    workers: rows.map(({ worker, silentSeconds }) => ({
      ...worker,
      silentSeconds,
      held: held.get(worker.id) ?? [],
    })),
    total,
  };
}

async function listHeld(
  db: Db | Tx,
  ids: string[],
  files: number,
): Promise<Map<string, HeldItems[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{
    worker: string;
    session_id: string;
    name: string;
    phase: PhaseName;
    items: number;
    since: string;
    files: HeldItems["files"];
  }>(sql`
    with held as (
      select worker_id, session_id, phase, count(*)::int as items, min(started_at) as since,
        (array_agg(subject order by id))[1:${files}] as subjects
      from jobs where state = 'running' and worker_id in ${ids}
      group by worker_id, session_id, phase
    )
    select h.worker_id as worker, h.session_id, s.name, h.phase, h.items,
      coalesce(h.since, now()) as since,
      coalesce((
        select json_agg(json_build_object('path', coalesce(f.path, p.first_path),
          'photoId', coalesce(f.photo_id, p.id)) order by u.place)
        from unnest(h.subjects) with ordinality u (subject, place)
        left join files f on h.phase = 'training' and f.id = u.subject
        left join photos p on h.phase = 'face_detection' and p.id = u.subject
        where f.id is not null or p.id is not null
      ), '[]') as files
    from held h join sessions s on s.id = h.session_id
    order by h.since, h.session_id, h.phase`);
  const held = rows.map((row) => ({
    worker: row.worker,
    sessionId: Number(row.session_id),
    sessionName: row.name,
    phase: row.phase,
    items: row.items,
    since: new Date(row.since),
    files: row.files,
  }));
  return Map.groupBy(held, (row) => row.worker);
}

/** What happened to workers, newest first. */
export function listWorkerEvents(db: Db | Tx, limit: number): Promise<WorkerEvent[]> {
  return db.select().from(events).where(isNull(events.sessionId))
    .orderBy(desc(events.at), desc(events.id)).limit(limit);
}
