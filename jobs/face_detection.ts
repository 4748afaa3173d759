import { transact } from "../db/transact.ts";
import { and, eq, inArray, ne } from "drizzle-orm";
import { faceScans, photos, sessions } from "../db/schema.ts";
import { forgetFiles } from "../db/forget_files.ts";
import { previewPath } from "../db/photo_store.ts";
import { log } from "../log.ts";
import { ImageError } from "../models/types.ts";
import { isModelFault } from "./embed_batch.ts";
import { sortFault } from "./outcomes.ts";
import { ReadFault } from "./read_original.ts";
import type { Claim } from "./queue/claim.ts";
import { completeJobs, holdClaim, type Outcome, retryLater } from "./queue/finish.ts";
import { ALREADY_SCANNED, type Look, storeFaces } from "./store_faces.ts";
import type { WorkerContext } from "./worker_context.ts";

type Finding = Look | { jobId: number; error: unknown };

/** A batch whose previews are in memory. */
export interface FaceBatch {
  claim: Claim;
  session: Pick<typeof sessions.$inferSelect, "kind" | "settings">;
  /** Items that need no look. */
  settled: Outcome[];
  previews: { jobId: number; photoId: number; preview: Uint8Array }[];
  findings: Finding[];
}

/** Reads the previews of a batch; photos another session has scanned meanwhile need none. */
export async function prepareFaces(context: WorkerContext, claim: Claim): Promise<FaceBatch> {
  const rows = await context.db.select({ id: photos.id, sha256: photos.sha256 }).from(photos)
    .where(inArray(photos.id, claim.jobs.map((job) => job.subject)));
  const scanned = await scannedElsewhere(context, claim);
  const session = await sessionOf(context, claim);
  const batch: FaceBatch = { claim, session, settled: [], previews: [], findings: [] };
  await Promise.all(claim.jobs.map(async (job) => {
    if (scanned.has(job.subject)) {
      batch.settled.push({ id: job.id, ...ALREADY_SCANNED });
      return;
    }
    try {
      const { sha256 } = rows.find((row) => row.id === job.subject)!;
      const preview = await Deno.readFile(previewPath(context.config.dataDir, sha256));
      batch.previews.push({ jobId: job.id, photoId: job.subject, preview });
    } catch (error) {
      const lost = error instanceof Deno.errors.NotFound;
      if (lost) await forgetFiles(context.db, job.subject);
      batch.findings.push({ jobId: job.id, error: lost ? lostPreview() : error });
    }
  }));
  return batch;
}

// Sessions over the same folders queue the same photos, and one of them does the work. A run that
// looks again on purpose does not rely on what was found before.
async function scannedElsewhere({ db, worker }: WorkerContext, claim: Claim): Promise<Set<number>> {
  const rows = await db.select({ photoId: faceScans.photoId }).from(faceScans)
    .innerJoin(sessions, eq(sessions.id, claim.sessionId))
    .where(and(
      eq(faceScans.model, worker.models.faces.key),
      ne(sessions.kind, "faces"),
      inArray(faceScans.photoId, claim.jobs.map((job) => job.subject)),
    ));
  return new Set(rows.map((row) => row.photoId));
}

const lostPreview = () =>
  new ReadFault(
    "preview_lost",
    "Its preview is missing in the data directory; run over its folder again to make a new one",
  );

/**
 * Finds and embeds the faces of a batch; the previews are not needed any more. Should the batch fail
 * and not for the model's sake, each preview is looked at by itself, and the error is only that of
 * those that fail alone.
 */
export async function findFacesOf(context: WorkerContext, batch: FaceBatch): Promise<void> {
  const { claim } = batch;
  const previews = batch.previews.splice(0);
  try {
    batch.findings.push(...await look(context, batch, previews));
  } catch (error) {
    if (isModelFault(error) || previews.length === 1) throw error;
    log("warn", "a batch of pictures failed; trying them one by one", {
      session: claim.sessionId,
      phase: claim.phase,
      error: String(error),
    });
    for (const item of previews) {
      batch.findings.push(
        ...await look(context, batch, [item]).catch((error) => {
          if (isModelFault(error)) throw error;
          return [{ jobId: item.jobId, error }];
        }),
      );
      context.moved();
    }
  }
  context.moved();
}

async function look(
  { engine, config }: WorkerContext,
  { session: { settings } }: FaceBatch,
  previews: FaceBatch["previews"],
): Promise<Finding[]> {
  const found = await engine.findFaces(previews.map((item) => item.preview), {
    minScore: settings.minFaceScore ?? config.minFaceScore ?? engine.thresholds.detection,
    minSize: settings.minFaceSize ?? config.minFaceSize,
  });
  return previews.map(({ jobId, photoId }, index) => {
    const result = found[index];
    return result instanceof ImageError
      ? { jobId, error: result }
      : { jobId, photoId, faces: result };
  });
}

/** Stores what was found with the ends of the jobs and the ledger, in one transaction. */
export async function storeFaceBatch(context: WorkerContext, batch: FaceBatch): Promise<void> {
  const { counts, pending } = await transact(context.db, async (tx) => {
    const ours = await holdClaim(tx, batch.claim);
    const findings = batch.findings.filter((finding) => ours.has(finding.jobId));
    const outcomes = batch.settled.filter((outcome) => ours.has(outcome.id));
    const looks = findings.filter((finding) => "faces" in finding);
    outcomes.push(
      ...await storeFaces(tx, looks, {
        model: context.worker.models.faces.key,
        sessionId: batch.claim.sessionId,
        kind: batch.session.kind,
      }),
    );
    const faults = findings.flatMap((finding) =>
      "error" in finding ? [sortFault(finding.jobId, finding.error, batch.claim)] : []
    );
    outcomes.push(...faults.flatMap((f) => f.kind === "outcome" ? [f.outcome] : []));
    const transient = faults.flatMap((f) => f.kind === "transient" ? [f] : []);
    outcomes.push(...await retryLater(tx, batch.claim, transient));
    return await completeJobs(tx, batch.claim, outcomes);
  });
  context.finished("face_detection", counts);
  if (pending === 0) await context.advance(batch.claim.sessionId);
}

async function sessionOf(
  { db }: WorkerContext,
  { sessionId }: Claim,
): Promise<FaceBatch["session"]> {
  const [session] = await db.select({ kind: sessions.kind, settings: sessions.settings })
    .from(sessions).where(eq(sessions.id, sessionId));
  // Deleted with its jobs while the batch was in hand: nothing of it will be stored.
  return session ?? { kind: "folders", settings: {} };
}
