import { resolve } from "node:path";
import type { Db } from "../db/client.ts";
import { findSession } from "../db/session_queries.ts";
import { type Actor, startSession, type Transition } from "../jobs/lifecycle.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { allows } from "../jobs/transitions.ts";
import { Fault } from "./fault.ts";
import { checkFolders } from "./folders.ts";

/**
 * Starts a session whose folders can be read. Looks at the chosen folders, never into them, so it
 * takes as long for ten files as for ten million. Throws a Fault that names the folder at fault;
 * a session that runs already is left alone.
 */
export async function startChecked(
  db: Db,
  id: number,
  actor: Actor,
): Promise<Transition> {
  const session = await findSession(db, id);
  if (!session) throw new SessionNotFound(id);
  if (session.kind === "folders" && allows("start", session.status)) {
    if (session.subdirectories.length === 0) {
      const message = `Session "${session.name}" has no folders; choose at least one below ` +
        `${session.rootPath}`;
      throw new Fault(400, "no_folders", message);
    }
    const folders = session.subdirectories.map((folder) => resolve(session.rootPath, folder));
    await checkFolders([session.rootPath, ...folders]);
  }
  return await startSession(db, id, actor);
}
