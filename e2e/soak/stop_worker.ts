import { between, pick } from "../../models/sample/random.ts";
import { untilMet } from "./disturb.ts";
import { counts, inWords, type Moment, reach } from "./moments.ts";
import { descendants, signal } from "./processes.ts";
import type { Site } from "./site.ts";
import { compare, type World } from "./world.ts";

export const name = "stop_worker";

/**
 * A worker and its supervisor are frozen (SIGSTOP) with items in hand until another worker has
 * finished these, then go on (SIGCONT): what they write late must be refused. In half of the cases
 * they are frozen inside a transaction, with locks held.
 */
export async function run(world: World): Promise<void> {
  const inTransaction = world.random() < 0.5;
  const wanted = counts(0, {
    [pick(world.random, ["discovery", "training", "face_detection", "clustering"])]: 1,
  });
  await untilMet(
    world,
    { wanted },
    async ([moment]) =>
      await stop(world, { ...moment, share: moment.share / 2 }, inTransaction)
        ? [moment.phase]
        : [],
  );
}

/** One worker frozen and woken; false if the run was over before it could be caught at work. */
async function stop(world: World, moment: Moment, inTransaction: boolean): Promise<boolean> {
  const site = await world.site({ noWorker: true });
  const programs = [site.start(["worker"]), site.start(["worker"])];
  const wait = between(world.random, [0, 2000]);
  await site.startSession();
  const holder = await reach(site, moment, { files: world.library.files });
  const family = holder &&
    await familyOf(holder.pid, programs.map((program) => program.pid));
  const all = (name: Deno.Signal) => family?.forEach((pid) => signal(pid, name));
  const caught = holder &&
    await freeze(site, { workerId: holder.workerId, inTransaction, all });
  if (!caught) {
    world.did(`missed ${inWords(moment)}`);
    await compare(world, site);
    return false;
  }
  const { held, open } = caught;
  world.did(
    `froze a worker with ${held.length} items${open ? " in a transaction" : ""}, ` +
      inWords(moment),
  );
  world.met(moment.phase);
  try {
    await until("the frozen worker's items are finished by another", async () => {
      const rows = await site.database.sql`
        select 1 from jobs where id = any(${held}) and (state in ('queued', 'running'))`;
      return rows.length === 0;
    });
    const before = await written(site, held);
    await new Promise((resolve) => setTimeout(resolve, wait));
    const [sign] = await beats(site, holder.workerId);
    all("SIGCONT");
    await until("the woken worker beats or ends", async () => {
      const [now] = await beats(site, holder.workerId);
      return now !== sign || !signal(holder.pid, "SIGCONT");
    });
    // Time for the batch that it had in hand.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const after = await written(site, held);
    for (const [id, now] of after) {
      const then = before.get(id);
      if (now !== then) world.wrong(`a late write came through: ${id} was ${then}, is ${now}`);
    }
    world.did(`woken after ${Math.round(wait)} ms more`);
  } finally {
    all("SIGCONT");
  }
  await compare(world, site);
  return true;
}

/** The process, everything below it, and its parent if that is one of `programs`. */
async function familyOf(pid: number, programs: number[]): Promise<number[]> {
  for (const program of programs) {
    const below = await descendants(program);
    // Parents first: a supervisor that runs would replace its frozen child.
    if (program === pid || below.includes(pid)) return [program, ...below];
  }
  return [pid];
}

/** Attempts at catching a transaction; the other worker works on meanwhile, and ends the run. */
const ATTEMPTS = 12;

/**
 * Freezes a worker while it holds items; resolves with their ids, and whether a transaction is
 * open, or with null if it never held any: the others may have finished the run meanwhile.
 */
async function freeze(
  site: Site,
  { workerId, inTransaction, all }: {
    workerId: string;
    inTransaction: boolean;
    all: (name: Deno.Signal) => void;
  },
): Promise<{ held: number[]; open: boolean } | null> {
  const { sql } = site.database;
  for (let attempt = 0; attempt < 5 * ATTEMPTS; attempt++) {
    all("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 150));
    const rows = await sql`
      select id from jobs where worker_id = ${workerId} and state = 'running'`;
    const [{ open }] = await sql`
      select count(*)::int as open from pg_stat_activity where datname = current_database()
        and state = 'idle in transaction' and state_change < now() - interval '100 ms'`;
    // Only a frozen process leaves a transaction idle for that long.
    if (rows.length > 0 && (!inTransaction || open > 0 || attempt >= ATTEMPTS)) {
      return { held: rows.map((row) => Number(row.id)), open: open > 0 };
    }
    all("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 5 + (attempt * 7) % 40));
  }
  return null;
}

/**
 * Which transaction wrote the rows of these items last, and what they say. Left out are those of
 * `held` that the worker which runs on has made copies of a picture it stored later: the earliest
 * file represents a group, so such a write is right, and no late one, which writes `held` alone.
 */
async function written(site: Site, held: number[]): Promise<Map<number, string>> {
  const rows = await site.database.sql`
    select id, xmin::text as writer, state, reason from jobs where id = any(${held})
      and not (state = 'skipped' and reason = 'duplicate' and exists (
        select from files
        join photos on photos.id = files.photo_id
        join files others on others.photo_id = photos.representative_id
        join jobs first on first.subject = others.id and first.phase = jobs.phase
          and first.session_id = jobs.session_id
        where files.id = jobs.subject and first.state = 'done' and first.id <> all(${held})))
    order by id`;
  return new Map(
    rows.map(({ id, writer, state, reason }) => [Number(id), `${state}:${reason}@${writer}`]),
  );
}

async function beats(site: Site, workerId: string): Promise<string[]> {
  const rows = await site.database.sql`
    select beat_at::text as beat from workers where id = ${workerId}`;
  return rows.map((row) => row.beat);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`not in 120 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
