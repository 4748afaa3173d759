import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { type PhaseName, phases, type PhaseStatus } from "../db/schema.ts";
import { advanceSession } from "./advance.ts";
import { createSession, type NewSession, startSession } from "./lifecycle.ts";
import { type Claim, claimJobs } from "./queue/claim.ts";
import { completeJobs, holdClaim, type Outcome } from "./queue/finish.ts";
import type { WorkerIdentity } from "./queue/workers.ts";

const model = { pack: "t", dimension: 4, builtin: true };

/** A worker in name only: the tests do its work themselves, step by step. */
export const worker: WorkerIdentity = {
  id: crypto.randomUUID(),
  device: "cpu on here",
  models: { clip: { ...model, key: "clip-1" }, faces: { ...model, key: "faces-1" } },
};

/** Sessions moved by hand through what a worker would do. */
export function testSessions(db: Db) {
  const create = (options: Partial<NewSession> = {}) =>
    createSession(db, {
      name: "t",
      rootPath: `/p/${crypto.randomUUID()}`,
      subdirectories: [""],
      ...options,
    });

  /** What discovery leaves behind: `count` files with training jobs, discovery ended. */
  async function discovered(count: number, options: Partial<NewSession> = {}): Promise<number> {
    const rootPath = `/p/${crypto.randomUUID()}`;
    const id = await create({ rootPath, ...options });
    await startSession(db, id);
    await db.execute(sql`
      with f as (insert into files (path, size, mtime_ms)
        select ${rootPath}::text || '/' || n || '.jpg', 1, n
        from generate_series(1, ${count}::int) n returning id)
      insert into jobs (session_id, phase, subject) select ${id}::bigint, 'training', id from f`);
    await endDiscovery(id, count);
    return id;
  }

  async function endDiscovery(id: number, count: number): Promise<void> {
    await db.execute(sql`
      update jobs set state = 'done' where session_id = ${id} and phase = 'discovery'`);
    await db.execute(sql`update phases set total = ${count}, done = ${count}
      where session_id = ${id} and name = 'discovery'`);
    await advanceSession(db, id, worker);
  }

  /** Claims as many items as there are states and ends them so. */
  async function finish(id: number, phase: PhaseName, states: Outcome["state"][]): Promise<void> {
    const claim = await take(id, phase, states.length);
    assert.equal(claim?.jobs.length ?? 0, states.length);
    await end(claim!, states);
  }

  const take = (sessionId: number, phase: PhaseName, limit: number) =>
    claimJobs(db, { sessionId, phase, workerId: worker.id, limit });

  async function end(claim: Claim, states: Outcome["state"][]): Promise<void> {
    await db.transaction(async (tx) => {
      await holdClaim(tx, claim);
      await completeJobs(tx, claim, claim.jobs.map(({ id }, i) => ({ id, state: states[i] })));
    });
    await advanceSession(db, claim.sessionId, worker);
  }

  const status = async (id: number): Promise<Record<PhaseName, PhaseStatus>> =>
    Object.fromEntries(
      (await db.select().from(phases).where(eq(phases.sessionId, id)))
        .map((phase) => [phase.name, phase.status]),
    ) as Record<PhaseName, PhaseStatus>;

  return { create, discovered, endDiscovery, finish, take, end, status };
}
