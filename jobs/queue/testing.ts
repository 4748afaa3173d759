import { asc, sql } from "drizzle-orm";
import { events, type PhaseName } from "../../db/schema.ts";
import type { TestDatabase } from "../../db/testing.ts";
import type { ModelSet } from "../../models/types.ts";
import { createSession } from "../lifecycle.ts";
import type { Claim } from "./claim.ts";
import { completeJobs, holdClaim, type Outcome } from "./finish.ts";

/** Subjects of sessions must differ: one item is in hand once. */
let subject = 0;

/** A session whose phase runs with `count` queued jobs. */
export async function session(
  { db }: TestDatabase,
  count: number,
  phase: PhaseName = "training",
): Promise<number> {
  const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  await db.execute(sql`
    insert into jobs (session_id, phase, subject)
    select ${id}::bigint, ${phase}, n + ${subject}::int from generate_series(1, ${count}::int) n`);
  subject += count;
  await db.execute(sql`
    update phases set status = 'running', total = ${count}, running_since = now(), opened_round = 1
    where session_id = ${id} and name = ${phase}`);
  return id;
}

/** What the workers below work with. */
export const MODELS: ModelSet = {
  clip: { key: "c", pack: "c", dimension: 3, builtin: false },
  faces: { key: "f", pack: "f", dimension: 3, builtin: false },
};

/** A worker's row, as its first beat makes it; returns its id. */
export async function addWorker({ db }: TestDatabase, pid = 4711, host = "h"): Promise<string> {
  const id = crypto.randomUUID();
  await db.execute(sql`
    insert into workers (id, host, pid, device, clip_model, face_model)
    values (${id}, ${host}, ${pid}, 'cpu', 'c', 'f')`);
  return id;
}

/** Ends what is still ours of a claim in this state; resolves with how many that was. */
export const finish = ({ db }: TestDatabase, claim: Claim, state: Outcome["state"]) =>
  db.transaction(async (tx) => {
    const ours = await holdClaim(tx, claim);
    await completeJobs(tx, claim, [...ours].map((id) => ({ id, state })));
    return ours.size;
  });

/** The jobs of a session in the order of their ids. */
export const jobsOf = async ({ db }: TestDatabase, sessionId: number) =>
  (await db.execute<
    { state: string; attempt: number; deaths: number; lone: number; reason: string | null }
  >(sql`select state, attempt, deaths, lone_deaths as lone, reason from jobs
    where session_id = ${sessionId} order by id`)).map((row) => ({ ...row }));

/** Events of one kind, oldest first. */
export const eventsOf = async ({ db }: TestDatabase, kind: string) =>
  (await db.select().from(events).orderBy(asc(events.id))).filter((e) => e.kind === kind);
