import { type SQL, sql } from "drizzle-orm";
import { code, type Db } from "../../db/client.ts";
import type { PhaseName } from "../../db/schema.ts";
import type { ModelSet } from "../../models/types.ts";

export interface Job {
  id: number;
  subject: number;
  attempt: number;
  maxAttempts: number;
}

/** A batch of jobs taken by one worker; the claim id fences everybody else's late results. */
export interface Claim {
  claimId: string;
  sessionId: number;
  phase: PhaseName;
  jobs: Job[];
}

/**
 * Takes up to `limit` queued jobs of one phase of one session, oldest first; null if there is
 * nothing to take or the phase does not run. One statement: select-then-update is half as fast.
 * Items present at two workers' deaths are left to claimSuspect, and items that another session
 * has in hand until they are done there: then little is left to do.
 */
export function claimJobs(
  db: Db,
  options: ClaimOptions & { limit: number },
): Promise<Claim | null> {
  return claim(db, { ...options, suspects: false });
}

/** Takes one item that was there when two workers died: it runs alone, so a third death names it. */
export function claimSuspect(db: Db, options: ClaimOptions): Promise<Claim | null> {
  return claim(db, { ...options, limit: 1, suspects: true });
}

export interface ClaimOptions {
  sessionId: number;
  phase: PhaseName;
  workerId: string;
  /** Chosen by whoever must know it even if the answer is lost (see held_claims.ts). */
  claimId?: string;
}

/** Unique violation, and the deadlock that two claims over the same items may run into instead. */
const COLLISIONS = ["23505", "40P01"];

/** Sessions that run into each other over an item this often in a row wait for the next turn. */
const TRIES = 3;

async function claim(
  db: Db,
  options: ClaimOptions & { limit: number; suspects: boolean },
): Promise<Claim | null> {
  for (let attempt = 1;; attempt++) {
    try {
      return await tryClaim(db, options);
    } catch (error) {
      // Two sessions took the same item in the same instant; the index jobs_busy lets one pass.
      if (!COLLISIONS.includes(code(error))) throw error;
      if (attempt === TRIES) return null;
    }
  }
}

async function tryClaim(
  db: Db,
  options: ClaimOptions & { limit: number; suspects: boolean },
): Promise<Claim | null> {
  const { sessionId, phase, claimId = crypto.randomUUID() } = options;
  const rows = await db.execute<{ id: string; subject: string; attempt: number; max: number }>(
    claimStatement(claimId, options),
  );
  if (rows.length === 0) return null;
  const jobs = rows.map((row) => ({
    id: Number(row.id),
    subject: Number(row.subject),
    attempt: row.attempt,
    maxAttempts: row.max,
  }));
  return { claimId, sessionId, phase, jobs };
}

/**
 * Condition on `jobs`: their time has come. The longest back-off is 128 s: what lies further ahead was
 * written before the clock was set back.
 */
export const DUE = sql.raw("(run_at <= now() or run_at > now() + interval '3 minutes')");

/** The one statement of a claim, for the claim itself and for whoever looks at its plan. */
export function claimStatement(
  claimId: string,
  { sessionId, phase, workerId, limit, suspects }: ClaimOptions & {
    limit: number;
    suspects: boolean;
  },
): SQL {
  const shared = phase === "training" || phase === "face_detection";
  // Not "not exists": that becomes a join, and without fresh statistics the planner compares every
  // queued item with every one in hand (4 s a claim with 30,000 and 600); this is a look-up each.
  const free = shared
    ? sql`and (select o.id from jobs o where o.state = 'running'
        and o.phase in ('training', 'face_detection')
        and o.phase = jobs.phase and o.subject = jobs.subject) is null`
    : sql``;
  return sql`
    update jobs set state = 'running', claim_id = ${claimId}, worker_id = ${workerId},
      attempt = attempt + 1, started_at = now()
    where id = any(array(
      select id from jobs
      where session_id = ${sessionId} and phase = ${phase} and state = 'queued' and ${DUE}
        and ${suspects ? sql`deaths >= 2` : sql`deaths < 2`} ${free}
        and exists (select from phases p where p.session_id = ${sessionId} and p.name = ${phase}
                    and p.status = 'running')
      order by priority, run_at, id limit ${limit} for update skip locked))
    returning id, subject, attempt, max_attempts as max`;
}

export interface OpenPhase {
  sessionId: number;
  phase: PhaseName;
  /** Items that are not counted yet, those in hand among them; null while no total is known. */
  pending: number | null;
}

/**
 * Phases that run now, among `names`; a worker serves them in turn, so that no session starves. A
 * run after a change of models is for workers with those very models.
 */
export async function runningPhases(
  db: Db,
  names: readonly PhaseName[],
  models: ModelSet,
): Promise<OpenPhase[]> {
  const rows = await db.execute<{ session: string; phase: PhaseName; pending: number | null }>(sql`
    select session_id as session, name as phase,
      total - done - skipped - failed - cancelled as pending from phases
    where status = 'running' and name in ${names} and ${madeFor(models)} order by session_id`);
  return rows.map(({ session, ...row }) => ({ sessionId: Number(session), ...row }));
}

/** Condition on `phases`: what their session makes is made with these models, or with any. */
export const madeFor = ({ clip, faces }: ModelSet): SQL =>
  sql`not exists (select from sessions s where s.id = phases.session_id and s.kind = 'models'
    and (s.clip_model, s.face_model) is distinct from (${clip.key}::text, ${faces.key}::text))`;
