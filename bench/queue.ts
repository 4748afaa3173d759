import type { Database } from "../db/client.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { claimJobs } from "../jobs/queue/claim.ts";
import { completeJobs, holdClaim } from "../jobs/queue/finish.ts";
import { figure, median, print, withDatabase } from "./support.ts";

/**
 * Jobs a second that do nothing, one worker, for batches of 1, 10 and 100: the real claim and the
 * real finishing transaction (fence, ends of the jobs, ledger and rate), against two bare
 * statements through the same driver that claim and end rows without fence or ledger.
 */
const BATCHES = [1, 10, 100];
const SPELL_MS = 1500;
const SPELLS = 4;

type Turn = (sessionId: number, limit: number) => Promise<number>;

await withDatabase(async (database) => {
  const workerId = crypto.randomUUID();
  const real: Turn = async (sessionId, limit) => {
    const claim = await claimJobs(database.db, {
      sessionId,
      phase: "training",
      workerId,
      limit,
    });
    if (!claim) throw new Error("The queue ran dry; make more jobs");
    await database.db.transaction(async (tx) => {
      const ours = await holdClaim(tx, claim);
      await completeJobs(tx, claim, [...ours].map((id) => ({ id, state: "done" })));
    });
    return claim.jobs.length;
  };
  const bare: Turn = async (sessionId, limit) => {
    const { sql } = database;
    const claimId = crypto.randomUUID();
    const rows = await sql<{ id: string }[]>`
      update jobs set state = 'running', claim_id = ${claimId}
      where id = any(array(select id from jobs
        where session_id = ${sessionId} and phase = 'training' and state = 'queued'
        order by priority, run_at, id limit ${limit} for update skip locked))
      returning id`;
    await sql`
      update jobs set state = 'done', claim_id = null
      where id = any(${rows.map((row) => row.id)}::bigint[])`;
    return rows.length;
  };
  const ways = {
    real: [await queue(database), real],
    bare: [await queue(database), bare],
  } as const;
  const rows = [];
  for (const limit of BATCHES) {
    const speeds = { real: [] as number[], bare: [] as number[] };
    for (let spell = 0; spell < SPELLS; spell++) {
      for (const name of ["real", "bare"] as const) {
        const [session, turn] = ways[name];
        speeds[name].push(await speed(() => turn(session, limit)));
      }
    }
    const [a, b] = [median(speeds.real), median(speeds.bare)];
    rows.push({ batch: String(limit), "real jobs/s": a, "bare jobs/s": b, ratio: figure(a / b) });
  }
  print("queue: jobs that do nothing", rows);
});

async function speed(turn: () => Promise<number>): Promise<number> {
  const start = performance.now();
  let jobs = 0;
  while (performance.now() - start < SPELL_MS) jobs += await turn();
  return jobs / (performance.now() - start) * 1000;
}

async function queue({ db, sql }: Database): Promise<number> {
  const id = await createSession(db, { name: "", rootPath: "/", subdirectories: [""] });
  await sql`
    update phases set status = 'running', total = 300000, running_since = now(), opened_round = 1
    where session_id = ${id} and name = 'training'`;
  await sql`
    insert into jobs (session_id, phase, subject)
    select ${id}, 'training', n from generate_series(1, 300000) n`;
  await sql`vacuum analyze jobs`;
  return id;
}
