import { dirname, relative, resolve } from "node:path";
import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import type { Config } from "../config.ts";
import type { Db } from "../db/client.ts";
import { sessions } from "../db/schema.ts";
import { createSession, type NewSession } from "../jobs/lifecycle.ts";
import { superviseWorker } from "../jobs/supervisor.ts";
import { checkDevice } from "../jobs/worker_device.ts";
import { configureLog } from "../log.ts";
import { openEngine } from "../models/engine.ts";
import { packsDir } from "../models/installed.ts";
import { openHouse } from "./house.ts";
import { runSession } from "./run_session.ts";
import { terminalUser } from "./terminal_user.ts";
import { stopSignals } from "./stop_signals.ts";

/**
 * `index`: one session over `folders`, without the web app. A session over the same folders that
 * was cut off goes on where it was. Exit code as runSession's.
 */
export async function indexCommand(
  config: Config,
  options: { folders: string[]; json: boolean; skipFaces: boolean },
): Promise<number> {
  configureLog({ ...config, logLevel: config.logLevel === "info" ? "warn" : config.logLevel });
  const folders = await checkFolders(options.folders);
  const { modelsDir, dataDir } = config;
  const engine = await openEngine({ modelsDir, packsDir: packsDir(dataDir), roles: [] });
  await engine.close();
  const { stopping, restore } = stopSignals();
  await checkDevice(config, stopping);
  const house = await openHouse(config, "index");
  const supervisor = superviseWorker(config, house.database);
  try {
    const sessionId = await sessionFor(house.database.db, {
      ...place(folders),
      skipFaceDetection: options.skipFaces,
      skipClustering: options.skipFaces,
    });
    return await runSession(house.database, { sessionId, json: options.json, stopping });
  } finally {
    await supervisor.stop();
    await house.close();
    restore();
  }
}

/** Absolute paths of folders that exist and can be read; throws for the first that cannot, by name. */
export async function checkFolders(folders: string[]): Promise<string[]> {
  if (folders.length === 0) {
    throw new Error(`Cannot index nothing: name at least one folder, as in "index ~/Pictures"`);
  }
  for (const folder of folders) {
    const cannot = (why: string, cause?: unknown) =>
      new Error(`Cannot index "${folder}": ${why}`, { cause });
    const stat = await Deno.stat(folder).catch((error) => {
      throw cannot(
        error instanceof Deno.errors.NotFound ? "there is no such folder" : error.message,
        error,
      );
    });
    if (!stat.isDirectory) throw cannot("it is a file; name the folder it lies in");
    try {
      for await (const _ of Deno.readDir(folder)) break;
    } catch (error) {
      throw cannot("this user may not read it; change its permissions", error);
    }
  }
  return folders.map((folder) => resolve(folder));
}

/** One root that holds all folders, and the folders relative to it. */
export function place(
  folders: string[],
): Pick<NewSession, "name" | "rootPath" | "subdirectories"> {
  let root = folders[0];
  while (!folders.every((folder) => folder === root || folder.startsWith(slashed(root)))) {
    root = dirname(root);
  }
  return {
    name: folders.length === 1 ? folders[0] : `${folders[0]} and ${folders.length - 1} more`,
    rootPath: root,
    subdirectories: folders.map((folder) => relative(root, folder)),
  };
}

const slashed = (folder: string) => folder.endsWith("/") ? folder : `${folder}/`;

async function sessionFor(db: Db, wanted: NewSession): Promise<number> {
  const open = await db.select().from(sessions).where(and(
    eq(sessions.rootPath, wanted.rootPath),
    inArray(sessions.status, ["pending", "discovering", "running", "paused"]),
    eq(sessions.skipFaceDetection, wanted.skipFaceDetection ?? false),
    isNull(sessions.deletedAt),
  )).orderBy(desc(sessions.id));
  const same = open.find((session) =>
    JSON.stringify(session.subdirectories) === JSON.stringify(wanted.subdirectories)
  );
  return same?.id ?? await createSession(db, { ...wanted, ...terminalUser() });
}
