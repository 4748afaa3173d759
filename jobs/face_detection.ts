import { inArray, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { faces, faceScans, photos, sessions } from "../db/schema.ts";
import { forgetFiles } from "../db/forget_files.ts";
import { previewPath } from "../db/photo_store.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { type DetectedFace, ImageError } from "../models/types.ts";
import { sortFault } from "./outcomes.ts";
import { ReadFault } from "./read_original.ts";
import type { Claim } from "./queue/claim.ts";
import { completeJobs, holdClaim, type Outcome, retryLater } from "./queue/finish.ts";
import type { WorkerContext } from "./worker_context.ts";

type Finding =
  | { jobId: number; photoId: number; faces: DetectedFace[] }
  | { jobId: number; error: unknown };

/** A batch whose previews are in memory. */
export interface FaceBatch {
  claim: Claim;
  previews: { jobId: number; photoId: number; preview: Uint8Array }[];
  findings: Finding[];
}

/** Reads the previews of a batch; photos another session has scanned meanwhile need none. */
export async function prepareFaces(context: WorkerContext, claim: Claim): Promise<FaceBatch> {
  const rows = await context.db.select({ id: photos.id, sha256: photos.sha256 }).from(photos)
    .where(inArray(photos.id, claim.jobs.map((job) => job.subject)));
  const batch: FaceBatch = { claim, previews: [], findings: [] };
  await Promise.all(claim.jobs.map(async (job) => {
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

const lostPreview = () =>
  new ReadFault(
    "preview_lost",
    "Its preview is missing in the data directory; run over its folder again to make a new one",
  );

/** Finds and embeds the faces of a batch and stores them with the ends of the jobs and the ledger. */
export async function finishFaces(context: WorkerContext, batch: FaceBatch): Promise<void> {
  const { engine, config, db } = context;
  const found = await engine.findFaces(batch.previews.map((item) => item.preview), {
    minScore: config.minFaceScore,
    minSize: config.minFaceSize,
  });
  batch.previews.forEach(({ jobId, photoId }, index) => {
    const result = found[index];
    batch.findings.push(
      result instanceof ImageError ? { jobId, error: result } : { jobId, photoId, faces: result },
    );
  });
  const pending = await db.transaction(async (tx) => {
    const ours = await holdClaim(tx, batch.claim);
    const findings = batch.findings.filter((finding) => ours.has(finding.jobId));
    const outcomes = await store(tx, findings, {
      model: context.worker.models.faces.key,
      sessionId: batch.claim.sessionId,
    });
    const faults = findings.flatMap((finding) =>
      "error" in finding ? [sortFault(finding.jobId, finding.error)] : []
    );
    outcomes.push(...faults.flatMap((f) => f.kind === "outcome" ? [f.outcome] : []));
    const transient = faults.flatMap((f) => f.kind === "transient" ? [f] : []);
    outcomes.push(...await retryLater(tx, batch.claim, transient));
    return await completeJobs(tx, batch.claim, outcomes);
  });
  if (pending === 0) await context.advance(batch.claim.sessionId);
}

async function store(
  tx: Tx,
  findings: Finding[],
  { model, sessionId }: { model: string; sessionId: number },
): Promise<Outcome[]> {
  const good = findings.filter((finding) => "faces" in finding);
  if (good.length === 0) return [];
  // Two sessions may have looked at one photo side by side; the first to commit is the one kept.
  const fresh = await tx.insert(faceScans).values(good.map((finding) => ({
    photoId: finding.photoId,
    model,
    faces: finding.faces.length,
  }))).onConflictDoNothing().returning({ photoId: faceScans.photoId });
  const kept = new Set(fresh.map((row) => row.photoId));
  const rows = good.filter((finding) => kept.has(finding.photoId)).flatMap((finding) =>
    finding.faces.map((face) => ({
      photoId: finding.photoId,
      model,
      box: [...face.box],
      landmarks: face.landmarks.flat(),
      score: face.score,
      quality: face.quality,
      embedding: bytesOfVector(face.embedding),
    }))
  );
  if (rows.length > 0) {
    await tx.insert(faces).values(rows);
    await tx.update(sessions).set({ facesFound: sql`faces_found + ${rows.length}` })
      .where(sql`id = ${sessionId}`);
  }
  return good.map((finding) =>
    kept.has(finding.photoId) ? { id: finding.jobId, state: "done" } : {
      id: finding.jobId,
      state: "skipped",
      reason: "already_scanned",
      message: "Another session had already looked for faces in it",
    }
  );
}
