import { transact } from "../../db/transact.ts";
import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { LEASE_EXPIRED, type PhaseName } from "../../db/schema.ts";
import { failPhase } from "../advance.ts";
import { recordEvent } from "../events.ts";

/** Deaths an item must have been present at to be run alone from then on (see claimSuspect). */
const SUSPECT = 2;
/** Workers that may die while an item is all they have in hand before it is given up. */
const LONE_DEATHS = 3;

/** How long to wait for the end of a connection, which takes the server milliseconds. */
const CUT_OFF_MS = 2000;

const CRASHED = "The worker died three times while this was all it had in hand";

/** What one look brought back. */
export interface Rescue {
  /** Items that were freed: put back, or given up. */
  items: number;
  /** Those put back that are to be run alone from now on. */
  suspects: number;
}

/**
 * Takes dead workers off the list, unless they have beaten since, and frees what they held and
 * what is held by workers that are not on the list at all. A death consumes no attempt. An item
 * that was run alone, because workers had died over it before, is given up at the third such death:
 * until then it may just have been in the wrong hands twice.
 */
export async function putBack(
  db: Db,
  dead: { id: string; beats: number | null }[],
  { leaseExpired = false }: { leaseExpired?: boolean } = {},
): Promise<Rescue> {
  return await transact(db, async (tx) => {
    await cutOff(tx, dead);
    const names = await bury(tx, dead);
    const freed = await free(tx, names);
    await recordDeaths(tx, names, leaseExpired ? LEASE_EXPIRED : "");
    await tell(tx, names, freed);
    for (const { sessionId, phase, state } of freed) {
      // One item is the whole phase there: the phase cannot go on without it.
      if (state === "failed" && (phase === "discovery" || phase === "clustering")) {
        await failPhase(tx, { sessionId, phase, message: CRASHED });
      }
    }
    if (freed.length > 0) await tx.execute(sql`select pg_notify('safelight', '')`);
    return {
      items: freed.reduce((sum, row) => sum + row.items, 0),
      suspects: freed.reduce((sum, row) => sum + row.suspects, 0),
    };
  });
}

/**
 * Ends what connections a dead worker still has: one that is frozen inside a transaction holds locks
 * that everybody would wait for, and the server's own timeout does not see it in the middle of a
 * statement's messages. Should it go on, it connects anew and is refused by the claims.
 */
async function cutOff(tx: Tx, dead: { id: string; beats: number | null }[]): Promise<void> {
  if (dead.length === 0) return;
  await tx.execute(sql`
    select pg_terminate_backend(a.pid, ${CUT_OFF_MS})
    from workers w join ${given(dead)} on w.id = d.id and w.beats = coalesce(d.beats, w.beats)
    join pg_stat_activity a on a.datname = current_database()
      and a.application_name like '%worker ' || w.id`);
}

const given = (dead: { id: string; beats: number | null }[]) =>
  sql`unnest(${sql.param(dead.map((d) => d.id))}::uuid[],
    ${sql.param(dead.map((d) => d.beats))}::bigint[]) as d (id, beats)`;

/** Removes the rows of dead workers; returns what to call them, by id. */
async function bury(
  tx: Tx,
  dead: { id: string; beats: number | null }[],
): Promise<Map<string, string>> {
  if (dead.length === 0) return new Map();
  const rows = await tx.execute<{ id: string; name: string }>(sql`
    delete from workers w
    using ${given(dead)}
    where w.id = d.id and w.beats = coalesce(d.beats, w.beats)
    returning w.id, w.host || ', process ' || w.pid as name`);
  return new Map(rows.map((row) => [row.id, row.name]));
}

interface Freed {
  workerId: string;
  sessionId: number;
  phase: PhaseName;
  state: "queued" | "failed";
  items: number;
  suspects: number;
}

// One statement that locks the rows, in the order everybody does, and re-checks each: it cannot
// overwrite a job finished meanwhile. Not together with the deletion of the workers: a statement
// that must look at a row again cannot repeat a deletion it contains.
async function free(tx: Tx, names: Map<string, string>): Promise<Freed[]> {
  const given = [...names];
  const lone = sql.raw(`(deaths >= ${SUSPECT})`);
  const spent = sql.raw(`(deaths >= ${SUSPECT} and lone_deaths >= ${LONE_DEATHS - 1})`);
  const rows = await tx.execute<Record<keyof Freed, string>>(sql`
    with lost as (
      select id as job, claim_id as claim, worker_id as worker from jobs
      where state = 'running' and not exists (select from workers w where w.id = worker_id)
      order by id for update
    ), freed as (
      update jobs set
        state = case when ${spent} then 'failed' else 'queued' end,
        reason = case when ${spent} then 'crashed' end,
        message = case when ${spent} then ${CRASHED} end,
        error_kind = case when ${spent} then 'permanent' end,
        finished_at = case when ${spent} then clock_timestamp() end,
        deaths = deaths + 1, lone_deaths = lone_deaths + ${lone}::int,
        attempt = greatest(attempt - 1, 0), claim_id = null, worker_id = null
      from lost where jobs.id = lost.job and jobs.claim_id = lost.claim
      returning id, worker, session_id, phase, state, started_at, deaths
    ), history as (
      insert into attempts (job_id, kind, started_at, worker, reason, message)
      select freed.id, 'death', freed.started_at, n.name,
        case when freed.state = 'failed' then 'crashed' end,
        'The worker died while it had this item in hand'
      from freed left join unnest(${sql.param(given.map(([id]) => id))}::uuid[],
        ${sql.param(given.map(([, name]) => name))}::text[]) as n (id, name) on n.id = freed.worker
    ), ledger as (
      update phases p set failed = p.failed + f.failed
      from (select session_id, phase, count(*) as failed from freed where state = 'failed'
              and phase in ('training', 'face_detection') group by 1, 2) f
      where p.session_id = f.session_id and p.name = f.phase
    )
    select worker as "workerId", session_id as "sessionId", phase, state, count(*) as items,
      count(*) filter (where state = 'queued' and deaths >= ${SUSPECT}) as suspects
    from freed group by 1, 2, 3, 4`);
  return rows.map((row) => ({
    workerId: row.workerId,
    sessionId: Number(row.sessionId),
    phase: row.phase as PhaseName,
    state: row.state as Freed["state"],
    items: Number(row.items),
    suspects: Number(row.suspects),
  }));
}

async function recordDeaths(tx: Tx, names: Map<string, string>, how: string): Promise<void> {
  for (const name of names.values()) {
    await recordEvent(tx, { kind: "worker_died", message: name + how });
  }
}

async function tell(tx: Tx, names: Map<string, string>, freed: Freed[]): Promise<void> {
  const told = Map.groupBy(freed, (row) => `${row.sessionId} ${row.workerId}`);
  for (const rows of told.values()) {
    const { sessionId, workerId } = rows[0];
    const name = names.get(workerId) ?? "a worker that is gone";
    const count = (state: Freed["state"]) =>
      rows.reduce((sum, row) => sum + (row.state === state ? row.items : 0), 0);
    const parts = [
      counted(count("queued"), name, "put back"),
      counted(count("failed"), name, "given up"),
    ];
    await recordEvent(tx, {
      sessionId,
      kind: "recovered",
      message: parts.filter((part) => part !== "").join("; "),
    });
  }
}

function counted(items: number, name: string, what: string): string {
  if (items === 0) return "";
  return `${items} ${items === 1 ? "item" : "items"} of ${name} ${
    items === 1 ? "was" : "were"
  } ${what}`;
}
