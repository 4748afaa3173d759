import { join } from "node:path";
import { transact } from "../db/transact.ts";
import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { phases, sessions } from "../db/schema.ts";
import { failPhase } from "./advance.ts";
import type { Claim } from "./queue/claim.ts";
import { holdClaim, releaseClaim } from "./queue/finish.ts";
import { rateUpdate } from "./queue/rate.ts";
import { sampleProgress } from "./queue/samples.ts";
import { HoldNeeded } from "./holds.ts";
import { isDiskAway } from "./outcomes.ts";
import { photosGoneFrom, wasLost } from "./photos_gone.ts";
import { inFolders, sessionFolders, spread } from "./session_files.ts";
import { IGNORED } from "./queue_items.ts";
import type { WorkerContext } from "./worker_context.ts";
import { type FoundFile, walk, type WalkEvent } from "./walk.ts";

/** Files written by one statement: 500 rows cost little more than one. */
const BULK = 500;
/** The count on the page is at most this old, however slow the disk. */
const FLUSH_MS = 500;

/** Losing fewer files than this is everyday life, whatever share of the folder they were. */
const GUARD_LEAST = 50;

/** Raised when the walk must not be believed or cannot be made; it fails the phase. */
class DiscoveryFailed extends Error {
  constructor(readonly reason: FailedWalk, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** On the failed job: of the first, somebody may say that the files are really gone. */
type FailedWalk = "files_gone" | "forbidden";

/** Raised when the session was paused or cancelled under the walk, or the process is to stop. */
class Interrupted extends Error {}

/**
 * Walks the directories of a session: writes files and their training jobs in bulk, keeps the
 * count, records what cannot be read, and marks what vanished as missing. May be interrupted and
 * repeated at any point; rows are found again by path.
 */
export async function discover(context: WorkerContext, claim: Claim): Promise<void> {
  const { db } = context;
  const [session] = await db.select().from(sessions).where(eq(sessions.id, claim.sessionId));
  // Deleted, and its jobs with it, since this was claimed.
  if (!session) return await releaseClaim(db, claim.claimId);
  try {
    await db.update(sessions).set({ walkStartedAt: sql`coalesce(walk_started_at, now())` })
      .where(eq(sessions.id, session.id));
    const found = await walkAll({ context, claim, session });
    const ours = await transact(db, async (tx) => {
      if ((await holdClaim(tx, claim)).size === 0) return false;
      await markMissing(tx, session);
      await tx.update(phases).set({ total: found, done: found, lastCommitAt: sql`now()` })
        .where(phaseOf(session.id));
      await endJob(tx, claim, { state: "done" });
      return true;
    });
    // Whoever has it by now counts it.
    if (ours) context.finished("discovery", { done: 1, skipped: 0, failed: 0 });
    await context.advance(session.id);
  } catch (error) {
    if (error instanceof Interrupted) return await releaseClaim(db, claim.claimId);
    if (!(error instanceof DiscoveryFailed)) throw error;
    await transact(db, async (tx) => {
      if ((await holdClaim(tx, claim)).size === 0) return;
      await endJob(tx, claim, { state: "failed", reason: error.reason });
      await failPhase(tx, {
        sessionId: session.id,
        phase: "discovery",
        message: error.message,
      });
    });
  }
}

// Not completeJobs: the ledger of discovery counts files, not its one job.
const endJob = (
  tx: Tx,
  claim: Claim,
  { state, reason }: { state: "done" | "failed"; reason?: FailedWalk },
) =>
  tx.execute(sql`
    update jobs set state = ${state}, reason = ${reason ?? null}, claim_id = null,
      finished_at = now()
    where claim_id = ${claim.claimId}`);

type Session = typeof sessions.$inferSelect;

const phaseOf = (id: number) => and(eq(phases.sessionId, id), eq(phases.name, "discovery"));

interface Walking {
  context: WorkerContext;
  claim: Claim;
  session: Session;
}

async function walkAll(walking: Walking): Promise<number> {
  const { context, session } = walking;
  // One set for all folders: a folder chosen twice, or inside another, is walked once.
  const visited = new Set<string>();
  const state: Bulk = {
    files: [],
    faults: [],
    found: 0,
    sample: [],
    flushing: false,
    flushedAt: performance.now(),
  };
  for (const folder of sessionFolders(session)) {
    state.sample = [];
    const isGone = async () => !session.acceptMissing && await wasLost(folder, state.sample);
    try {
      for await (const event of walk(folder, { recursive: session.recursive, visited })) {
        collect(state, event);
        context.moved();
        // A folder alone may be forbidden or broken; the disk takes all of them with it.
        if (event.kind === "unreadable" && await isGone()) {
          throw await holdFor(walking, { folder, state });
        }
        const waiting = state.files.length + state.faults.length;
        if (waiting >= BULK || (performance.now() - state.flushedAt > FLUSH_MS)) {
          await flush(walking, state);
        }
      }
      // What went while its last folder was looked through left no trace.
      if (state.sample.length > 0 && await isGone()) {
        throw await holdFor(walking, { folder, state });
      }
    } catch (error) {
      if (state.flushing) throw error;
      if (isDiskAway(error) && await isGone()) throw await holdFor(walking, { folder, state });
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        // "They are really gone": then the folder holds nothing.
        if (session.acceptMissing) continue;
        throw new DiscoveryFailed(
          "files_gone",
          `The folder "${folder}" is not there any more; check that its disk is connected, then start again`,
          { cause: error },
        );
      }
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new DiscoveryFailed(
          "forbidden",
          `The folder "${folder}" may not be read by this user; change its permissions, then start again`,
          { cause: error },
        );
      }
      throw error;
    }
  }
  await flush(walking, state);
  return state.found;
}

interface Bulk {
  files: FoundFile[];
  faults: Exclude<WalkEvent, { kind: "file" | "folder" }>[];
  found: number;
  /** Some of the files found below the folder that is walked, the first and the last. */
  sample: string[];
  /** The database is at work, not the disk. */
  flushing: boolean;
  flushedAt: number;
}

/** So many of the first files are remembered, and as many of the last. */
const SAMPLED = 10;

// What was found is written first: it bears witness when the disk is back.
async function holdFor(walking: Walking, { folder, state }: { folder: string; state: Bulk }) {
  const path = state.sample.at(-1) ?? join(folder, "any file");
  await flush(walking, state);
  return new HoldNeeded(photosGoneFrom(folder, path));
}

function collect(state: Bulk, event: WalkEvent): void {
  if (event.kind === "file") {
    state.files.push(event.file);
    state.sample.push(event.file.path);
    if (state.sample.length > 2 * SAMPLED) state.sample.splice(SAMPLED, 1);
    state.found++;
  } else if (event.kind !== "folder") {
    state.faults.push(event);
    if (event.kind === "bad_name") state.found++;
  }
}

/** Writes what was found since the last time, unless the walk is somebody else's by now. */
async function flush({ context, claim, session }: Walking, state: Bulk): Promise<void> {
  const { db, worker } = context;
  const { files, faults } = state;
  state.files = [];
  state.faults = [];
  state.flushing = true;
  const status = await transact(db, async (tx) => {
    if ((await holdClaim(tx, claim)).size === 0) return null;
    if (files.length > 0) await writeFiles(tx, session, { files, model: worker.models.clip.key });
    await writeFaults(tx, session, faults);
    const [row] = await tx.update(phases).set({
      // A repeated walk counts from the start again; the page's count does not go back.
      done: sql`greatest(done, ${state.found})`,
      failed: sql`(select count(*) from walk_faults where session_id = ${session.id})`,
    }).where(phaseOf(session.id)).returning({ status: phases.status });
    await tx.execute(sql`
      update phases set ${rateUpdate(files.length, { sessionId: session.id, name: "discovery" })}
      where session_id = ${session.id} and name = 'discovery'`);
    await sampleProgress(tx, { sessionId: session.id, phase: "discovery" });
    return row?.status;
  });
  state.flushing = false;
  state.flushedAt = performance.now();
  if (status !== "running" || context.stopping.aborted) throw new Interrupted();
}

/** Never before the walk began, also if the clock was set back since: this walk has seen it. */
const seenNow = (session: Session) =>
  sql`greatest(clock_timestamp(), (select walk_started_at from sessions where id = ${session.id}))`;

const UNCHANGED = sql`files.size = excluded.size and files.mtime_ms = excluded.mtime_ms`;

// Unchanged means same size and time, with a photo that has its vector: then there is no job.
async function writeFiles(
  tx: Tx,
  session: Session,
  { files, model }: { files: FoundFile[]; model: string },
): Promise<void> {
  await tx.execute(sql`
    with seen as (
      insert into files (path, size, mtime_ms, last_seen_at)
      select path, size, mtime_ms, ${seenNow(session)} from unnest(${
    sql.param(files.map((file) => file.path))
  }::text[],
        ${sql.param(files.map((file) => file.size))}::bigint[],
        ${sql.param(files.map((file) => file.mtimeMs))}::bigint[]) as f (path, size, mtime_ms)
      order by path
      on conflict (path) do update set size = excluded.size, mtime_ms = excluded.mtime_ms,
        last_seen_at = greatest(files.last_seen_at, excluded.last_seen_at), missing_at = null,
        photo_id = case when ${UNCHANGED} then files.photo_id end,
        ignored_at = case when ${UNCHANGED} then files.ignored_at end
      returning id, photo_id, ignored_at is not null as ignored
    )
    insert into jobs (session_id, phase, subject, priority, state, reason, message, finished_at)
    select ${session.id}::bigint, 'training', seen.id, ${spread(sql`seen.id`)},
      case when ignored then 'skipped' else 'queued' end,
      case when ignored then 'ignored' end,
      case when ignored then ${IGNORED} end,
      case when ignored then now() end
    from seen left join photos p on p.id = seen.photo_id
    where (p.id is null or not exists (select from embeddings e
      where e.photo_id = coalesce(p.representative_id, p.id) and e.model = ${model}))
      and exists (select from phases t where t.session_id = ${session.id}
        and t.name = 'training' and t.status <> 'skipped')
    on conflict (session_id, phase, subject) do update set state = 'queued', attempt = 0,
      deaths = 0, lone_deaths = 0, run_at = now(), reason = null, message = null,
      error_kind = null, finished_at = null
    -- Of a walk before, in this session: the file has changed since, or lost what came of it.
    where jobs.state = 'done' or (jobs.state = 'skipped' and excluded.state = 'queued'
      and jobs.reason in ('duplicate', 'same_content', 'already_trained', 'ignored'))`);
}

const everythingBelow = (path: string) => ({
  rootPath: path,
  subdirectories: [""],
  recursive: true,
});

async function writeFaults(tx: Tx, session: Session, faults: Bulk["faults"]): Promise<void> {
  for (const fault of faults) {
    if (fault.kind === "unreadable") {
      await tx.execute(sql`
        insert into walk_faults (session_id, path, message)
        values (${session.id}, ${fault.path}, ${fault.message}) on conflict do nothing`);
      // Nobody can say what is in it: what was there before is not gone.
      if (!fault.vanished) {
        await tx.execute(sql`
          update files set last_seen_at = ${seenNow(session)}
          where path = ${fault.path} or ${inFolders(everythingBelow(fault.path))}`);
      }
    } else {
      await tx.execute(sql`
        with seen as (
          insert into files (path, size, mtime_ms, last_seen_at)
          values (${fault.path}, 0, 0, ${seenNow(session)})
          on conflict (path) do update set missing_at = null,
            last_seen_at = greatest(files.last_seen_at, excluded.last_seen_at)
          returning id, ignored_at is not null as ignored
        )
        insert into jobs (session_id, phase, subject, state, error_kind, reason, message,
          finished_at)
        select ${session.id}::bigint, 'training', id,
          case when ignored then 'skipped' else 'failed' end,
          case when not ignored then 'permanent' end,
          case when ignored then 'ignored' else 'bad_name' end,
          case when ignored then ${IGNORED} else 'The name is not UTF-8; rename it' end, now()
        from seen
        on conflict (session_id, phase, subject) do nothing`);
    }
  }
}

/**
 * Marks files below the session's folders that this walk did not see. If nothing was found where
 * files were, or more than a quarter of them and at least fifty are gone, the walk is not
 * believed: an unmounted disk looks just like that.
 */
async function markMissing(tx: Tx, session: Session): Promise<void> {
  const below = inFolders(session);
  const gone = sql`last_seen_at <
    (select walk_started_at from sessions where id = ${session.id})`;
  const [{ known, lost }] = await tx.execute<{ known: number; lost: number }>(sql`
    select count(*)::int as known, count(*) filter (where ${gone})::int as lost
    from files where ${below} and missing_at is null`);
  const nothing = known > 0 && lost === known;
  if (!session.acceptMissing && (nothing || (lost > known / 4 && lost >= GUARD_LEAST))) {
    throw new DiscoveryFailed(
      "files_gone",
      `${lost.toLocaleString("en")} of ${
        known.toLocaleString("en")
      } known files are not there any ` +
        `more; nothing was changed. Check that the disk is connected, then start again`,
    );
  }
  await tx.execute(sql`
    update files set missing_at = now() where ${below} and missing_at is null and ${gone}`);
}
