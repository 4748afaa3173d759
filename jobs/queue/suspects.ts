import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import type { PhaseName } from "../../db/schema.ts";
import { type Claim, claimSuspect, DUE, madeFor, type OpenPhase } from "./claim.ts";
import type { WorkerIdentity } from "./workers.ts";

/**
 * The next item that must run alone, claimed; null if there is none. Only sessions that have lost
 * a worker are looked into: elsewhere this would read a long queue in vain.
 */
export async function nextSuspect(
  db: Db,
  { worker, claimId }: { worker: Pick<WorkerIdentity, "id" | "models">; claimId?: string },
): Promise<Claim | null> {
  const rows = await db.execute<{ session: string; phase: PhaseName }>(sql`
    select session_id as session, name as phase from phases
    where status = 'running' and ${madeFor(worker.models)} and exists
      (select from events e where e.session_id = phases.session_id and e.kind = 'recovered')
    order by session_id`);
  for (const { session, phase } of rows) {
    const options = { sessionId: Number(session), phase, workerId: worker.id, claimId };
    const claim = await claimSuspect(db, options);
    if (claim) return claim;
  }
  return null;
}

/**
 * True if an item of this phase can be run now, but only alone. To be asked where claimJobs found
 * nothing, which makes what is left of the queue short.
 */
export async function suspectsWait(
  db: Db,
  { sessionId, phase }: Pick<OpenPhase, "sessionId" | "phase">,
): Promise<boolean> {
  const [{ wait }] = await db.execute<{ wait: boolean }>(sql`
    select exists (select from jobs
      where session_id = ${sessionId} and phase = ${phase} and state = 'queued'
        and ${DUE} and deaths >= 2
        and not exists (select from jobs o where o.state = 'running'
          and o.phase in ('training', 'face_detection')
          and o.phase = jobs.phase and o.subject = jobs.subject)) as wait`);
  return wait;
}

/**
 * True while a claim's phase runs and the claim is still ours: asked in the middle of a batch, so
 * that a pause takes effect there and a worker that was taken for dead computes nothing in vain.
 */
export async function stillWanted(db: Db, { claimId, jobs, ...claim }: Claim): Promise<boolean> {
  const [{ wanted }] = await db.execute<{ wanted: boolean }>(sql`
    select exists (select from phases p join jobs j on j.session_id = p.session_id
        and j.phase = p.name
      where p.session_id = ${claim.sessionId} and p.name = ${claim.phase}
        and p.status = 'running' and j.id = any(${sql.param(jobs.map((job) => job.id))}::bigint[])
        and j.claim_id = ${claimId}) as wanted`);
  return wanted;
}
