import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { type RunSettings, type SessionKind, sessions } from "../db/schema.ts";
import { findSession } from "../db/session_queries.ts";
import { type Actor, createSession, startSession } from "./lifecycle.ts";
import { SessionNotFound } from "./session_state.ts";

/** Finding faces again in pictures that were read before. */
export interface FaceRun extends Actor {
  /** The session whose pictures it is about; null: the whole library. */
  trainingSessionId: number | null;
  settings: Pick<RunSettings, "minFaceScore" | "minFaceSize">;
  skipClustering: boolean;
}

/** Grouping the faces there are again; always those of the whole library. */
interface ClusteringRun extends Actor {
  settings: Pick<RunSettings, "minClusterSize" | "similarityFloor" | "minQuality">;
}

/**
 * Makes a run that looks for faces again and starts it: a constant number of statements, since a
 * worker queues the pictures. Returns its id. Throws SessionNotFound for a trainingSessionId that
 * no session has; one of another run stands for the pictures of that run.
 */
export function createFaceRun(db: Db, run: FaceRun): Promise<number> {
  return db.transaction(async (tx) => {
    const source = await findSource(tx, run.trainingSessionId);
    const { name, ...place } = source ?? LIBRARY;
    const id = await createSession(tx, {
      ...place,
      name: named("Faces again over", name),
      kind: "faces",
      settings: run.settings,
      skipClustering: run.skipClustering,
      by: run.by,
    });
    await startSession(tx, id, { by: run.by });
    return id;
  });
}

/**
 * Makes a run that groups the library's faces again and starts it. People keep their identity as
 * after any clustering; the next session over folders groups by the defaults. Returns its id.
 */
export function createClusteringRun(db: Db, run: ClusteringRun): Promise<number> {
  return db.transaction(async (tx) => {
    const { name, ...place } = LIBRARY;
    const id = await createSession(tx, {
      ...place,
      name: named("Grouping again over", name),
      kind: "clustering",
      settings: run.settings,
      by: run.by,
    });
    await startSession(tx, id, { by: run.by });
    return id;
  });
}

/** createFaceRun, or the id of the very same run if it has not ended: a form may be sent twice. */
export function ensureFaceRun(db: Db, run: FaceRun): Promise<number> {
  return oneAtATime(db, async (tx) => {
    const source = await findSource(tx, run.trainingSessionId);
    return await findOpenRun(tx, {
      kind: "faces",
      sourceSessionId: source?.sourceSessionId ?? null,
      settings: run.settings,
      skipClustering: run.skipClustering,
    }) ?? await createFaceRun(tx, run);
  });
}

/** createClusteringRun, or the id of the very same run if it has not ended. */
export function ensureClusteringRun(db: Db, run: ClusteringRun): Promise<number> {
  return oneAtATime(db, async (tx) =>
    await findOpenRun(tx, {
      kind: "clustering",
      sourceSessionId: null,
      settings: run.settings,
      skipClustering: false,
    }) ?? await createClusteringRun(tx, run));
}

const LIBRARY = {
  name: "the whole library",
  rootPath: "",
  subdirectories: [],
  recursive: true,
  sourceSessionId: null,
};

/** What a name may have, as in the API. */
const LONGEST_NAME = 200;

const named = (what: string, name: string) =>
  [...`${what} ${name}`].slice(0, LONGEST_NAME).join("");

// The run takes the folders as its own: its source may be deleted while it goes on.
async function findSource(db: Db, id: number | null) {
  if (id === null) return null;
  const session = await findSession(db, id);
  if (!session) throw new SessionNotFound(id);
  const { name, rootPath, subdirectories, recursive } = session;
  if (session.kind === "folders") {
    return { name, rootPath, subdirectories, recursive, sourceSessionId: session.id };
  }
  if (session.sourceSessionId === null) return null;
  const { sourceSessionId } = session;
  return {
    name: name.replace(/^Faces again over /, ""),
    rootPath,
    subdirectories,
    recursive,
    sourceSessionId,
  };
}

const RUNS_LOCK = 0x5afe0004;

// Two clicks arrive at the same moment, and neither sees what the other has not committed.
const oneAtATime = (db: Db, act: (tx: Db) => Promise<number>): Promise<number> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${RUNS_LOCK})`);
    return await act(tx);
  });

async function findOpenRun(db: Db, run: {
  kind: SessionKind;
  sourceSessionId: number | null;
  settings: RunSettings;
  skipClustering: boolean;
}): Promise<number | null> {
  const [row] = await db.select({ id: sessions.id }).from(sessions).where(and(
    eq(sessions.kind, run.kind),
    inArray(sessions.status, ["pending", "discovering", "running", "paused"]),
    sql`${sessions.sourceSessionId} is not distinct from ${run.sourceSessionId}::bigint`,
    sql`${sessions.settings} = ${JSON.stringify(run.settings)}::jsonb`,
    eq(sessions.skipClustering, run.skipClustering),
    isNull(sessions.deletedAt),
  )).orderBy(desc(sessions.id)).limit(1);
  return row?.id ?? null;
}
