import { createSession } from "../jobs/lifecycle.ts";
import { claimJobs } from "../jobs/queue/claim.ts";
import { completeJobs, holdClaim } from "../jobs/queue/finish.ts";
import { median, print, quantile, type Served, timed, withServer } from "./support.ts";

/**
 * What a million job rows of one session cost /progress-unified (over HTTP), the session's page
 * fragment, a claim and a completion of 16 jobs, against the same session with 20,000 rows.
 */
const FEW = 20_000;
const MANY = 1_000_000;
const ROUNDS = 200;
const BATCH = 16;

await withServer({ worker: false }, async (served) => {
  const session = await runningSession(served);
  await fill(served, session, FEW);
  const few = await measure(served, session);
  await fill(served, session, MANY);
  const many = await measure(served, session);
  print(
    `progress_query: ms, with ${FEW.toLocaleString("en")} and ${MANY.toLocaleString("en")} jobs`,
    Object.keys(few).map((what) => ({
      what,
      [`p50 few`]: median(few[what]),
      [`p95 few`]: quantile(few[what], 0.95),
      [`p50 many`]: median(many[what]),
      [`p95 many`]: quantile(many[what], 0.95),
      "p50 ratio": median(many[what]) / median(few[what]),
    })),
  );
});

async function runningSession({ database }: Served): Promise<number> {
  const id = await createSession(database.db, {
    name: "many",
    rootPath: "/library",
    subdirectories: [""],
  });
  await database.sql`update sessions set status = 'running' where id = ${id}`;
  await database.sql`
    update phases set status = case name when 'discovery' then 'completed' else 'running' end,
      running_since = now(), started_at = now()
    where session_id = ${id} and name in ('discovery', 'training')`;
  return id;
}

// Nine tenths are done, as late in a run, where a claim must not look at what is behind it.
async function fill({ database: { sql } }: Served, id: number, total: number): Promise<void> {
  await sql`
    insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    select n::text, 1, 600, 400, 'jpeg', '', true, 0, 'photo ' || n, 600, 400
    from generate_series(1, ${total}) n on conflict do nothing`;
  await sql`
    insert into files (path, size, mtime_ms, photo_id)
    select first_path, 1, 0, id from photos on conflict do nothing`;
  await sql`
    insert into jobs (session_id, phase, subject, state, finished_at)
    select ${id}, 'training', id, case when id % 10 = 0 then 'queued' else 'done' end,
      case when id % 10 <> 0 then now() end
    from files on conflict do nothing`;
  await sql`
    update phases set total = c.total, done = c.done
    from (select count(*) as total, count(*) filter (where state = 'done') as done from jobs) c
    where name = 'training'`;
  await sql`vacuum analyze`;
}

async function measure({ url, database }: Served, id: number): Promise<Record<string, number[]>> {
  const { db } = database;
  const workerId = crypto.randomUUID();
  const times: Record<string, number[]> = {
    "/progress-unified": [],
    "page fragment": [],
    [`claimJobs(${BATCH})`]: [],
    [`hold + completeJobs(${BATCH})`]: [],
  };
  const [unified, fragment, claiming, completing] = Object.values(times);
  const read = async (path: string) => {
    const response = await fetch(url + path);
    await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  };
  for (let round = 0; round < ROUNDS; round++) {
    unified.push(
      await timed(() => read(`/api/v1/training/sessions/${id}/progress-unified`)),
    );
    fragment.push(await timed(() => read(`/sessions/${id}/progress`)));
    if ((round + 1) * BATCH > FEW / 10) continue;
    const options = { sessionId: id, phase: "training" as const, workerId, limit: BATCH };
    let claim: Awaited<ReturnType<typeof claimJobs>> = null;
    claiming.push(await timed(async () => claim = await claimJobs(db, options)));
    const taken = claim!;
    completing.push(
      await timed(() =>
        db.transaction(async (tx) => {
          const ours = await holdClaim(tx, taken);
          await completeJobs(tx, taken, [...ours].map((id) => ({ id, state: "done" })));
        })
      ),
    );
  }
  return times;
}
