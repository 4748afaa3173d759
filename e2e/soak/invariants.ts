import { sql } from "drizzle-orm";
import { type Database, isConnectionFault } from "../../db/client.ts";
import { checkLedgers } from "../../jobs/check_ledgers.ts";
import type { UnifiedProgress } from "../../jobs/progress.ts";
import { readProgress } from "../../jobs/read_progress.ts";
import { isTerminal } from "../../jobs/status.ts";

/** A watch over what must hold at every moment, whatever is being done to the program. */
export interface Watch {
  /** What did not hold, each sentence once, with the time at which it was seen first. */
  violations: Map<string, string>;
  /** How often it looked. */
  looks: number;
  stop(): Promise<void>;
}

const EVERY_MS = 100;

/**
 * Looks into the database ten times a second until it is stopped: ledgers balance, percentages
 * keep their promises, every running item has one claim and no rival. An unreachable database is
 * no violation: nothing can be seen then.
 */
export function watchInvariants(database: Database): Watch {
  const watch: Watch = { violations: new Map(), looks: 0, stop: () => Promise.resolve() };
  const highest = new Map<string, number>();
  let over = false;
  const note = (sentence: string) => {
    if (!watch.violations.has(sentence)) watch.violations.set(sentence, new Date().toISOString());
  };
  const running = (async () => {
    while (!over) {
      try {
        for (const sentence of await look(database, highest)) note(sentence);
        watch.looks++;
      } catch (error) {
        if (!isConnectionFault(error)) note(`a look failed: ${describe(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  watch.stop = () => {
    over = true;
    return running;
  };
  return watch;
}

async function look({ db }: Database, highest: Map<string, number>): Promise<string[]> {
  const found = await checkLedgers(db);
  const rivals = await db.execute<{ phase: string; subject: string; running: string }>(sql`
    select phase, subject, count(*) as running from jobs
    where state = 'running' and phase in ('training', 'face_detection')
    group by 1, 2 having count(*) > 1`);
  found.push(
    ...rivals.map((row) => `${row.running} jobs run at once for ${row.phase} ${row.subject}`),
  );
  const [{ loose }] = await db.execute<{ loose: number }>(sql`
    select count(*)::int as loose from jobs where state = 'running'
      and (claim_id is null or worker_id is null)`);
  if (loose > 0) found.push(`${loose} jobs run without a claim or a worker`);
  const sessions = await db.execute<{ id: string }>(
    sql`select id from sessions where deleted_at is null`,
  );
  for (const { id } of sessions) {
    const progress = await readProgress(db, Number(id));
    if (progress) found.push(...lookAt(progress, highest));
  }
  return found;
}

/** What one progress, read in one statement, says that it must not; `highest` is kept per round. */
function lookAt(progress: UnifiedProgress, highest: Map<string, number>): string[] {
  const { sessionId, round, overallStatus, overallProgress: { percentage }, phases } = progress;
  const found: string[] = [];
  const say = (text: string) => found.push(`Session ${sessionId}, round ${round}: ${text}`);
  const walked = isTerminal(phases.discovery.status);
  const taking = [phases.training, phases.faceDetection, phases.clustering]
    .filter((phase) => phase.status !== "skipped");
  const known = taking.filter((phase) => phase.progress.total !== null);
  // A phase that opens later gets its total then, but one of those before it has one by now.
  const waiting = taking.some((phase) => !isTerminal(phase.status) && !known.includes(phase));
  if (percentage === null && walked && known.length > 0 && !waiting) {
    say("there is no percentage while every total is known");
  }
  if (percentage !== null && (!walked || known.length === 0 && taking.length > 0)) {
    say(`${percentage} % while the total is unknown`);
  }
  const key = `${sessionId} ${round}`;
  const before = highest.get(key);
  if (before !== undefined && (percentage === null || percentage < before)) {
    say(`${before} % was followed by ${percentage} %`);
  }
  if (percentage !== null) highest.set(key, Math.max(percentage, before ?? 0));
  const ended = Object.values(phases).every((phase) => isTerminal(phase.status));
  if (percentage === 100 && !ended) say(`100 % while it is ${overallStatus}`);
  if (overallStatus === "completed" && percentage !== 100) say(`completed at ${percentage} %`);
  for (
    const { name, progress: { total, pending, done, skipped, failed, cancelled } } of Object.values(
      phases,
    )
  ) {
    if (name === "discovery" || total === null) continue;
    if (pending < 0 || total !== done + skipped + failed + cancelled + pending) {
      say(`${name} counts ${done + skipped + failed + cancelled} and ${pending} of ${total}`);
    }
  }
  return found;
}

/** An error with what the database said below drizzle's words. */
export function describe(error: unknown): string {
  const { message, cause } = error as Error;
  return cause ? `${message.split("\n")[0]} (${(cause as Error).message})` : message;
}
