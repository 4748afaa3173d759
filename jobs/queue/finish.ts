import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import type { Claim } from "./claim.ts";
import type { Counts } from "../counting.ts";
import { rateUpdate } from "./rate.ts";
import { sampleProgress } from "./samples.ts";

/** How an item ended, with a reason a machine and one a person understands. */
export interface Outcome {
  id: number;
  state: "done" | "skipped" | "failed";
  reason?: string;
  message?: string;
  /** The error as the system told it, for whoever looks into it. */
  details?: string;
}

/** An error that may pass. */
export interface TransientFault {
  id: number;
  message: string;
  details?: string;
}

/**
 * Locks the jobs of a claim and returns the ids that are still ours; results of the others belong
 * to somebody else by now and must not be written. First statement of every finishing transaction.
 */
export async function holdClaim(tx: Tx, claim: Claim): Promise<Set<number>> {
  const ids = claim.jobs.map((job) => job.id);
  const rows = await tx.execute<{ id: string }>(sql`
    select id from jobs where id = any(${sql.param(ids)}::bigint[]) and claim_id = ${claim.claimId}
    order by id for update`);
  return new Set(rows.map((row) => Number(row.id)));
}

/**
 * Ends items and moves the phase's ledger with them. Last statements of the transaction that
 * stored their results: counted when finished, never when started. Returns how the items ended and
 * how many of the phase are pending.
 */
export async function completeJobs(
  tx: Tx,
  claim: Claim,
  outcomes: Outcome[],
): Promise<{ counts: Counts; pending: number }> {
  await endJobs(tx, claim, outcomes);
  const count = (state: Outcome["state"]) => outcomes.filter((o) => o.state === state).length;
  const counts = { done: count("done"), skipped: count("skipped"), failed: count("failed") };
  const { sessionId, phase: name } = claim;
  const [row] = await tx.execute<{ pending: number }>(sql`
    update phases set done = done + ${counts.done}, skipped = skipped + ${counts.skipped},
      failed = failed + ${counts.failed}, ${rateUpdate(outcomes.length, { sessionId, name })}
    where session_id = ${sessionId} and name = ${name}
    returning coalesce(total, 0) - done - skipped - failed - cancelled as pending`);
  await sampleProgress(tx, { sessionId, phase: name });
  return { counts, pending: row?.pending ?? 0 };
}

/** Ends items without the phase's ledger: that of a walk or a grouping counts other things. */
export async function endJobs(tx: Tx, claim: Claim, outcomes: Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  const failures = outcomes.filter((outcome) => outcome.state === "failed");
  if (failures.length > 0) await recordAttempts(tx, claim, { kind: "permanent", faults: failures });
  await tx.execute(sql`
    update jobs set state = o.state, reason = o.reason, message = o.message,
      error_kind = case when o.state = 'failed' then 'permanent' end,
      claim_id = null, finished_at = now()
    from unnest(${sql.param(outcomes.map((o) => o.id))}::bigint[],
                ${sql.param(outcomes.map((o) => o.state))}::text[],
                ${sql.param(outcomes.map((o) => o.reason ?? null))}::text[],
                ${sql.param(outcomes.map((o) => o.message ?? null))}::text[])
      as o (id, state, reason, message)
    where jobs.id = o.id and jobs.claim_id = ${claim.claimId}`);
}

/** Gives back what a claim still holds, as if it had never been taken: no attempt is consumed. */
export async function releaseClaim(db: Db | Tx, claimId: string): Promise<void> {
  await db.execute(sql`
    update jobs set state = 'queued', claim_id = null, worker_id = null, started_at = null,
      attempt = greatest(attempt - 1, 0)
    where claim_id = ${claimId}`);
}

/**
 * Puts items back after an error that may pass, each later than before: 2, 8, 32, 128 s. An item
 * whose attempts are used up is returned, for the caller to end as failed.
 */
export async function retryLater(
  tx: Tx,
  claim: Claim,
  faults: TransientFault[],
): Promise<Outcome[]> {
  const spent = new Set(
    claim.jobs.filter((job) => job.attempt >= job.maxAttempts).map((job) => job.id),
  );
  const again = faults.filter((fault) => !spent.has(fault.id));
  if (again.length > 0) {
    await recordAttempts(tx, claim, { kind: "transient", faults: again });
    await tx.execute(sql`
      update jobs set state = 'queued', claim_id = null, worker_id = null,
        error_kind = 'transient', message = f.message,
        run_at = now() + interval '0.5 seconds' * power(4, jobs.attempt)
      from unnest(${sql.param(again.map((f) => f.id))}::bigint[],
                  ${sql.param(again.map((f) => f.message))}::text[]) as f (id, message)
      where jobs.id = f.id and jobs.claim_id = ${claim.claimId}`);
  }
  return faults.filter((fault) => spent.has(fault.id)).map((fault) => ({
    id: fault.id,
    state: "failed",
    reason: "gave_up",
    message: fault.message,
    details: fault.details,
  }));
}

// While the jobs are still in hand: they know their worker and when they were taken.
async function recordAttempts(
  tx: Tx,
  claim: Claim,
  { kind, faults }: {
    kind: "permanent" | "transient";
    faults: { id: number; reason?: string; message?: string; details?: string }[];
  },
): Promise<void> {
  await tx.execute(sql`
    insert into attempts (job_id, started_at, worker, kind, reason, message, details)
    select j.id, j.started_at,
      (select w.host || ', process ' || w.pid from workers w where w.id = j.worker_id),
      ${kind}, f.reason, f.message, f.details
    from unnest(${sql.param(faults.map((f) => f.id))}::bigint[],
                ${sql.param(faults.map((f) => f.reason ?? null))}::text[],
                ${sql.param(faults.map((f) => f.message ?? null))}::text[],
                ${sql.param(faults.map((f) => f.details ?? null))}::text[])
      as f (id, reason, message, details)
    join jobs j on j.id = f.id and j.claim_id = ${claim.claimId}`);
}
