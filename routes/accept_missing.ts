import type { Db } from "../db/client.ts";
import { findSession, type SessionRow, walkMissedFiles } from "../db/session_queries.ts";
import { type Actor, startSession, type Transition } from "../jobs/lifecycle.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { Fault } from "./fault.ts";

/**
 * True if a session waits or has failed because files are not there, so that somebody may say that
 * they are really gone.
 */
export const missesFiles = async (db: Db, session: SessionRow): Promise<boolean> =>
  session.hold === "photos_gone" ||
  (session.status === "failed" && await walkMissedFiles(db, session.id));

/** The session, if it misses files; throws a Fault with its state otherwise. */
export async function mustMissFiles(db: Db, id: number): Promise<SessionRow> {
  const session = await findSession(db, id);
  if (!session) throw new SessionNotFound(id);
  if (await missesFiles(db, session)) return session;
  const message = `Session ${id} does not wait for missing files: it is ${session.status}`;
  throw new Fault(409, "nothing_missing", message, { status: session.status });
}

/**
 * Lets a session that misses files go on without them: "they are really gone". Its folders need
 * not be there. A session that was told so already is left alone.
 */
export async function acceptMissing(db: Db, id: number, actor: Actor): Promise<Transition> {
  const session = await findSession(db, id);
  if (session?.acceptMissing && !await missesFiles(db, session)) {
    return { changed: false, status: session.status };
  }
  await mustMissFiles(db, id);
  return await startSession(db, id, { ...actor, acceptMissing: true });
}
