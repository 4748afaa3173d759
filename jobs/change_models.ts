import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { type Db, isConnectionFault, type Tx } from "../db/client.ts";
import { sessions } from "../db/schema.ts";
import { libraryHas, readServing, writeServing } from "../db/serving_queries.ts";
import { log } from "../log.ts";
import { type Chosen, readChosen, writeChosen } from "../models/chosen.ts";
import { installedPack } from "../models/installed.ts";
import { BUILTIN } from "../models/pack.ts";
import type { ModelSet } from "../models/types.ts";
import { findModels } from "./chosen_models.ts";
import { recordEvent } from "./events.ts";
import { type Actor, cancelSession, createSession, startSession } from "./lifecycle.ts";
import { announce } from "./session_state.ts";

/**
 * Works with the models of `pack` from now on: "builtin", or an installed pack, which takes the place
 * of the one before in what it understands. Workers notice and start again; a run makes for the whole
 * library what the new models have not seen, while the former ones go on answering until it is
 * complete (see serving.ts). Returns that run, which is the open one if it is for these very models,
 * or null where there is nothing to run over. An open run for other models is cancelled: nobody could
 * work on it any more. Throws an Error that says what to do, and changes nothing, if the pack is not
 * installed or damaged.
 */
export async function useModels(
  db: Db,
  { dataDir, pack, by }: Actor & { dataDir: string; pack: string },
): Promise<number | null> {
  let written: Written | null = null;
  try {
    return await db.transaction(async (tx) => {
      await oneChoiceAtATime(tx);
      // Of one that cannot be read nothing is worth keeping, and a choice mends it.
      const before = await readChosen(dataDir).catch(() => null);
      const choice = await choose(dataDir, pack);
      const models = await findModels(dataDir, {
        clip: choice.clip ?? BUILTIN,
        faces: choice.faces ?? BUILTIN,
      });
      await keepServing(tx, dataDir);
      const message = `${models.clip.pack} for pictures and words, ${models.faces.pack} for faces`;
      const run = await prepareRun(tx, { models, name: `New models: ${pack}`, by });
      await recordEvent(tx, { kind: "models_changed", message, by });
      const [{ xid }] = await tx.execute<{ xid: string }>(sql`
        select pg_current_xact_id()::text as xid`);
      written = { dataDir, xid, run, before, choice };
      // Last, since only the end of the transaction is left to fail; workers hear of it after that.
      await writeChosen(dataDir, choice);
      await announce(tx);
      return run;
    });
  } catch (error) {
    if (written === null || !await isCommitted(db, written)) throw error;
    return (written as Written).run;
  }
}

/** A choice that is in the file, and the transaction that is to go with it. */
interface Written {
  dataDir: string;
  xid: string;
  run: number | null;
  before: Chosen | null;
  choice: Chosen;
}

/** Tries of half a second: a database that was killed is there again sooner. */
const TRIES = 20;

/**
 * Whether the transaction of a choice took place, where the connection was lost before anybody said so;
 * if not, the file says again what it said before. Rejects if the database stays away for ten seconds.
 */
async function isCommitted(db: Db, written: Written): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    try {
      return await db.transaction((tx) => tookPlace(tx, written));
    } catch (error) {
      if (!isConnectionFault(error) || attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function tookPlace(tx: Tx, { dataDir, xid, before, choice }: Written): Promise<boolean> {
  // The other transaction has it until it is over, one way or the other.
  await oneChoiceAtATime(tx);
  const [{ status }] = await tx.execute<{ status: string }>(sql`
    select pg_xact_status(${xid}::xid8) as status`);
  if (status === "committed") return true;
  const { clip, faces } = await readChosen(dataDir);
  // Somebody may have chosen since.
  const same = clip === choice.clip && faces === choice.faces;
  if (same && before) await writeChosen(dataDir, before);
  return false;
}

/** Until the end of the transaction: two choices at once, one for each kind, must both hold in the end. */
const oneChoiceAtATime = (tx: Tx) => tx.execute(sql`select pg_advisory_xact_lock(${MODELS_LOCK})`);

const MODELS_LOCK = 0x5afe0005;

// A pack for pictures and words alone leaves the faces to whoever has them now.
async function choose(dataDir: string, name: string): Promise<Chosen> {
  if (name === BUILTIN) return { clip: null, faces: null };
  const pack = await installedPack(dataDir, name);
  if (!pack) {
    throw new Error(
      `Cannot use the models of "${name}": it is not installed; run "deno task models pull ${name}"`,
    );
  }
  const { visual, recogniser } = pack.manifest.roles;
  const chosen = await readChosen(dataDir);
  return {
    clip: visual ? name : chosen.clip,
    faces: recogniser ? name : chosen.faces,
  };
}

// Before the first change nobody has written down which models answer: those chosen until now.
async function keepServing(tx: Tx, dataDir: string): Promise<void> {
  const serving = await readServing(tx);
  if (serving.clip !== null && serving.faces !== null) return;
  try {
    const { clip, faces } = await findModels(dataDir);
    await writeServing(tx, { clip: serving.clip ?? clip.key, faces: serving.faces ?? faces.key });
  } catch (error) {
    // The former pack is gone, so it cannot answer either.
    log("warn", "the former models cannot answer any more", { error: (error as Error).message });
  }
}

async function prepareRun(
  tx: Tx,
  { models, name, by }: Actor & { models: ModelSet; name: string },
): Promise<number | null> {
  const wanted = { clipModel: models.clip.key, faceModel: models.faces.key };
  let open: number | null = null;
  for (const run of await openRuns(tx)) {
    const same = run.clipModel === wanted.clipModel && run.faceModel === wanted.faceModel;
    if (same) open = run.id;
    else await cancelSession(tx, run.id, { by });
  }
  const { photos, scans } = await libraryHas(tx);
  if (!photos) {
    await writeServing(tx, { clip: models.clip.key, faces: models.faces.key }, by);
    return null;
  }
  if (open !== null) return open;
  const id = await createSession(tx, {
    name,
    rootPath: "",
    subdirectories: [],
    kind: "models",
    // Where nobody ever looked for faces, nobody wants them now.
    skipFaceDetection: !scans,
    skipClustering: !scans,
    ...wanted,
    by,
  });
  // Previews are read, not originals: what is not there any more need not be waited for.
  await startSession(tx, id, { by, acceptMissing: true });
  return id;
}

const openRuns = (tx: Tx) =>
  tx.select({ id: sessions.id, clipModel: sessions.clipModel, faceModel: sessions.faceModel })
    .from(sessions).where(and(
      eq(sessions.kind, "models"),
      inArray(sessions.status, ["pending", "discovering", "running", "paused"]),
      isNull(sessions.deletedAt),
    ));
