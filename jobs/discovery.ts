import { join } from "node:path";
import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { phases, sessions } from "../db/schema.ts";
import { failPhase } from "./advance.ts";
import type { Claim } from "./queue/claim.ts";
import { holdClaim, releaseClaim } from "./queue/finish.ts";
import { rateUpdate } from "./queue/rate.ts";
import type { WorkerContext } from "./worker_context.ts";
import { type FoundFile, walk, type WalkEvent } from "./walk.ts";

/** Files written by one statement: 500 rows cost little more than one. */
const BULK = 500;
/** The count on the page is at most this old, however slow the disk. */
const FLUSH_MS = 500;

/** Losing fewer files than this is everyday life, whatever share of the folder they were. */
const GUARD_LEAST = 50;

/** Raised when the walk must not be believed or cannot be made; it fails the phase. */
class DiscoveryFailed extends Error {}

/** Raised when the session was paused or cancelled under the walk. */
class Interrupted extends Error {}

/**
 * Walks the directories of a session: writes files and their training jobs in bulk, keeps the
 * count, records what cannot be read, and marks what vanished as missing. May be interrupted and
 * repeated at any point; rows are found again by path.
 */
export async function discover(context: WorkerContext, claim: Claim): Promise<void> {
  const { db } = context;
  const [session] = await db.select().from(sessions).where(eq(sessions.id, claim.sessionId));
  try {
    await db.update(sessions).set({ walkStartedAt: sql`coalesce(walk_started_at, now())` })
      .where(eq(sessions.id, session.id));
    const found = await walkAll(context, session);
    await db.transaction(async (tx) => {
      if ((await holdClaim(tx, claim)).size === 0) return;
      await markMissing(tx, session);
      await tx.update(phases).set({ total: found, done: found, lastCommitAt: sql`now()` })
        .where(phaseOf(session.id));
      await endJob(tx, claim, "done");
    });
    await context.advance(session.id);
  } catch (error) {
    if (error instanceof Interrupted) return await releaseClaim(db, claim.claimId);
    if (!(error instanceof DiscoveryFailed)) throw error;
    await db.transaction(async (tx) => {
      if ((await holdClaim(tx, claim)).size === 0) return;
      await endJob(tx, claim, "failed");
      await failPhase(tx, {
        sessionId: session.id,
        phase: "discovery",
        message: error.message,
      });
    });
  }
}

// Not completeJobs: the ledger of discovery counts files, not its one job.
const endJob = (tx: Tx, claim: Claim, state: "done" | "failed") =>
  tx.execute(sql`update jobs set state = ${state}, claim_id = null, finished_at = now()
    where claim_id = ${claim.claimId}`);

type Session = typeof sessions.$inferSelect;

const phaseOf = (id: number) => and(eq(phases.sessionId, id), eq(phases.name, "discovery"));

/** The chosen folders, absolute. */
export const sessionFolders = (session: Pick<Session, "rootPath" | "subdirectories">) =>
  session.subdirectories.map((folder) => join(session.rootPath, folder));

async function walkAll(context: WorkerContext, session: Session): Promise<number> {
  // One set for all folders: a folder chosen twice, or inside another, is walked once.
  const visited = new Set<string>();
  const state: Bulk = { files: [], faults: [], found: 0, flushedAt: performance.now() };
  for (const folder of sessionFolders(session)) {
    try {
      for await (const event of walk(folder, { recursive: session.recursive, visited })) {
        collect(state, event);
        const waiting = state.files.length + state.faults.length;
        if (waiting >= BULK || (performance.now() - state.flushedAt > FLUSH_MS)) {
          await flush(context, session, state);
        }
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        throw new DiscoveryFailed(
          `The folder "${folder}" is not there any more; check that its disk is connected, then start again`,
          { cause: error },
        );
      }
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new DiscoveryFailed(
          `The folder "${folder}" may not be read by this user; change its permissions, then start again`,
          { cause: error },
        );
      }
      throw error;
    }
  }
  await flush(context, session, state);
  return state.found;
}

interface Bulk {
  files: FoundFile[];
  faults: Exclude<WalkEvent, { kind: "file" }>[];
  found: number;
  flushedAt: number;
}

function collect(state: Bulk, event: WalkEvent): void {
  if (event.kind === "file") {
    state.files.push(event.file);
    state.found++;
  } else {
    state.faults.push(event);
    if (event.kind === "bad_name") state.found++;
  }
}

async function flush({ db, worker }: WorkerContext, session: Session, state: Bulk): Promise<void> {
  const { files, faults } = state;
  state.files = [];
  state.faults = [];
  const status = await db.transaction(async (tx) => {
    if (files.length > 0) await writeFiles(tx, session, { files, model: worker.models.clip.key });
    await writeFaults(tx, session, faults);
    const [row] = await tx.update(phases).set({
      // A repeated walk counts from the start again; the page's count does not go back.
      done: sql`greatest(done, ${state.found})`,
      failed: sql`(select count(*) from walk_faults where session_id = ${session.id})`,
    }).where(phaseOf(session.id)).returning({ status: phases.status });
    await tx.execute(sql`update phases set ${rateUpdate(files.length)}
      where session_id = ${session.id} and name = 'discovery'`);
    return row?.status;
  });
  state.flushedAt = performance.now();
  if (status !== "running") throw new Interrupted();
}

// Unchanged means same size and time, with a photo that has its vector: then there is no job.
async function writeFiles(
  tx: Tx,
  session: Session,
  { files, model }: { files: FoundFile[]; model: string },
): Promise<void> {
  await tx.execute(sql`
    with seen as (
      insert into files (path, size, mtime_ms, seen_session_id)
      select path, size, mtime_ms, ${session.id}::bigint
      from unnest(${sql.param(files.map((file) => file.path))}::text[],
        ${sql.param(files.map((file) => file.size))}::bigint[],
        ${sql.param(files.map((file) => file.mtimeMs))}::bigint[]) as f (path, size, mtime_ms)
      on conflict (path) do update set size = excluded.size, mtime_ms = excluded.mtime_ms,
        seen_session_id = excluded.seen_session_id, last_seen_at = clock_timestamp(),
        missing_at = null,
        photo_id = case when files.size = excluded.size and files.mtime_ms = excluded.mtime_ms
          then files.photo_id end
      returning id, photo_id
    )
    insert into jobs (session_id, phase, subject)
    select ${session.id}::bigint, 'training', seen.id
    from seen left join photos p on p.id = seen.photo_id
    where p.id is null or not exists (select from embeddings e
      where e.photo_id = coalesce(p.representative_id, p.id) and e.model = ${model})
    on conflict (session_id, phase, subject) do nothing`);
}

async function writeFaults(tx: Tx, session: Session, faults: Bulk["faults"]): Promise<void> {
  for (const fault of faults) {
    if (fault.kind === "unreadable") {
      await tx.execute(sql`
        insert into walk_faults (session_id, path, message)
        values (${session.id}, ${fault.path}, ${fault.message}) on conflict do nothing`);
    } else {
      await tx.execute(sql`
        with seen as (
          insert into files (path, size, mtime_ms, seen_session_id)
          values (${fault.path}, 0, 0, ${session.id})
          on conflict (path) do update set seen_session_id = excluded.seen_session_id,
            last_seen_at = clock_timestamp(), missing_at = null
          returning id
        )
        insert into jobs (session_id, phase, subject, state, error_kind, reason, message,
          finished_at)
        select ${session.id}::bigint, 'training', id, 'failed', 'permanent', 'bad_name',
          'The name is not UTF-8; rename it', now() from seen
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
  // A file belongs to the folder if its path begins with it; compared by bytes, so an index range.
  const below = sql.join(
    sessionFolders(session).map((folder) => {
      const prefix = folder.endsWith("/") ? folder : `${folder}/`;
      const inside = sql`path >= ${prefix} and path < ${prefix.slice(0, -1) + "0"}`;
      return session.recursive
        ? sql`(${inside})`
        : sql`(${inside} and position('/' in substr(path, ${prefix.length + 1})) = 0)`;
    }),
    sql` or `,
  );
  const gone = sql`last_seen_at <
    (select walk_started_at from sessions where id = ${session.id})`;
  const [{ known, lost }] = await tx.execute<{ known: number; lost: number }>(sql`
    select count(*)::int as known, count(*) filter (where ${gone})::int as lost
    from files where (${below}) and missing_at is null`);
  const nothing = known > 0 && lost === known;
  if (!session.acceptMissing && (nothing || (lost > known / 4 && lost >= GUARD_LEAST))) {
    throw new DiscoveryFailed(
      `${lost.toLocaleString("en")} of ${
        known.toLocaleString("en")
      } known files are not there any ` +
        `more; nothing was changed. Check that the disk is connected, then start again`,
    );
  }
  await tx.execute(sql`
    update files set missing_at = now() where (${below}) and missing_at is null and ${gone}`);
}
