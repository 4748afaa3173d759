import { and, desc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Db, Tx } from "./client.ts";
import { type EventKind, events, type PhaseName, phases, samples, sessions } from "./schema.ts";

export interface SessionEvent {
  id: number;
  at: Date;
  kind: EventKind;
  /** Null: about the whole session, or about a worker. */
  phase: PhaseName | null;
  by: string;
  message: string | null;
}

/** Tries that went wrong between two moments, by what became of them. */
export interface ErrorCount {
  from: Date;
  to: Date;
  permanent: number;
  transient: number;
  death: number;
}

interface Span {
  from: Date;
  to: Date;
}

/** A session with its phases and the database's clock, in one statement; null if there is none. */
export async function readRun(db: Db | Tx, id: number) {
  const rows = await db.select({
    session: sessions,
    phase: phases,
    now: sql<string>`clock_timestamp()`,
  }).from(sessions).innerJoin(phases, eq(phases.sessionId, sessions.id))
    .where(sql`${sessions.id} = ${id} and ${sessions.deletedAt} is null`);
  if (rows.length === 0) return null;
  const [{ session, now }] = rows;
  return { session, phases: rows.map((row) => row.phase), now: new Date(now) };
}

/**
 * The newest events of a session and, apart from them, those of workers in its time (`during`, null
 * for a session that never started): up to `limit` each, newest first. `before` is an event's id;
 * only older ones follow it. Two short walks along one index, however long the story.
 */
export async function newestEvents(
  db: Db | Tx,
  query: { sessionId: number; during: Span | null; before?: number; limit: number },
): Promise<{ own: SessionEvent[]; workers: SessionEvent[] }> {
  const { during, before, limit } = query;
  const older = before === undefined
    ? sql``
    : sql`and (at, id) < (select at, id from events where id = ${before})`;
  const newest = (where: SQL) =>
    sql`(select id, at, kind, phase, by, message, session_id is not null as own from events
      where ${where} ${older} order by at desc, id desc limit ${limit})`;
  const rows = await db.execute<{
    id: string;
    at: string;
    kind: EventKind;
    phase: PhaseName | null;
    by: string;
    message: string | null;
    own: boolean;
  }>(sql`
    ${newest(sql`session_id = ${query.sessionId}`)}
    ${
    during === null
      ? sql``
      : sql`union all ${
        newest(sql`session_id is null and at between ${during.from.toISOString()}::timestamptz
        and ${during.to.toISOString()}::timestamptz`)
      }`
  }`);
  const read = (own: boolean) =>
    rows.filter((row) => row.own === own).map(({ id, at, kind, phase, by, message }) => ({
      id: Number(id),
      at: new Date(at),
      kind,
      phase,
      by,
      message,
    }));
  return { own: read(true), workers: read(false) };
}

/** All samples of a session, which a worker keeps below a thousand a phase, oldest first. */
export function readSamples(db: Db | Tx, sessionId: number) {
  return db.select({ phase: samples.phase, at: samples.at, counted: samples.counted })
    .from(samples).where(eq(samples.sessionId, sessionId)).orderBy(samples.phase, samples.at);
}

/** More failed tries than this within a session's time are not looked at. */
const MOST_ATTEMPTS = 10_000;

/**
 * Failed tries of a session's items in `many` equal stretches of `during`; stretches without any
 * are left out. `complete` is false where there were too many to look at, and the newest count.
 */
export async function countErrors(
  db: Db | Tx,
  query: { sessionId: number; during: Span; many: number },
): Promise<{ counts: ErrorCount[]; complete: boolean }> {
  const { during, many, sessionId } = query;
  const [low, high] = [during.from.getTime() / 1000, during.to.getTime() / 1000];
  const rows = await db.execute<
    { stretch: number; kind: "permanent" | "transient" | "death"; count: number; all: number }
  >(sql`
    with looked as materialized (
      select job_id, ended_at, kind from attempts
      where id >= ${firstAttemptAt(low)} and id < ${firstAttemptAt(high)}
      order by id desc limit ${MOST_ATTEMPTS}
    )
    select least(${many}, width_bucket(extract(epoch from a.ended_at)::float8,
        ${low}::float8, ${high}::float8, ${many}::int)) as stretch,
      a.kind, count(*)::int as count, (select count(*)::int from looked) as all
    from looked a join jobs j on j.id = a.job_id
    where j.session_id = ${sessionId}
    group by stretch, a.kind order by stretch`);
  const width = (during.to.getTime() - during.from.getTime()) / many;
  const counts = new Map<number, ErrorCount>();
  for (const { stretch, kind, count } of rows) {
    const from = during.from.getTime() + Math.max(0, stretch - 1) * width;
    const entry = counts.get(stretch) ?? {
      from: new Date(from),
      to: new Date(from + width),
      permanent: 0,
      transient: 0,
      death: 0,
    };
    entry[kind] += count;
    counts.set(stretch, entry);
  }
  return { counts: [...counts.values()], complete: (rows[0]?.all ?? 0) < MOST_ATTEMPTS };
}

/**
 * The id of the first attempt that ended at a moment or later. Attempts are written in the order of
 * time and have no index on it: this halves the range of ids, some twenty look-ups, instead of
 * reading every error that ever was.
 */
const firstAttemptAt = (seconds: number) =>
  sql`(with recursive search (low, high) as (
    select coalesce(min(id), 0), coalesce(max(id), 0) + 1 from attempts
    union all
    select case when middle.before then middle.id + 1 else search.low end,
      case when middle.before then search.high else (search.low + search.high) / 2 end
    from search left join lateral (
      select id, extract(epoch from ended_at)::float8 < ${seconds}::float8 as before from attempts
      where id >= (search.low + search.high) / 2 and id < search.high order by id limit 1
    ) middle on true
    where search.low < search.high
  ) select low from search where low >= high)`;

/** What somebody did last to a session's state, and when; null if nobody did anything yet. */
export async function lastDeed(db: Db | Tx, sessionId: number): Promise<SessionEvent | null> {
  const [event] = await db.select().from(events).where(and(
    eq(events.sessionId, sessionId),
    inArray(events.kind, ["started", "paused", "resumed", "cancelled", "retried"]),
  )).orderBy(desc(events.at), desc(events.id)).limit(1);
  return event ?? null;
}
