import { dirname } from "node:path";
import type { z } from "zod";
import type { ItemPage } from "../db/item_queries.ts";
import type { PhotoDetail, PhotoTile } from "../db/photo_queries.ts";
import type { SessionRow } from "../db/session_queries.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { isTerminal, overallStatus } from "../jobs/status.ts";
import { isBuiltin } from "../models/types.ts";
import type * as Api from "./api_schemas.ts";

/** Rows in, the API's shapes out; pure. */

export function sessionShape(row: SessionRow): z.infer<typeof Api.Session> {
  return {
    id: row.id,
    name: row.name,
    rootPath: row.rootPath,
    subdirectories: row.subdirectories,
    recursive: row.recursive,
    skipFaceDetection: row.skipFaceDetection,
    skipClustering: row.skipClustering,
    kind: row.kind,
    sourceSessionId: row.sourceSessionId,
    settings: row.settings,
    status: row.status,
    round: row.round,
    error: row.error,
    facesFound: row.facesFound,
    clustersMade: row.clustersMade,
    clipModel: row.clipModel,
    faceModel: row.faceModel,
    builtinModels: isBuiltin(row.clipModel) || isBuiltin(row.faceModel),
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    completedAt: row.completedAt?.toISOString() ?? null,
  };
}

/**
 * The training phase alone. `claimed` are the jobs in a worker's hands; they were counted a moment
 * apart from the ledger, which alone decides how many are open.
 */
export function trainingShape(
  unified: UnifiedProgress,
  claimed: number,
): z.infer<typeof Api.TrainingProgress> {
  const { discovery, training } = unified.phases;
  const { progress } = training;
  const running = Math.min(claimed, progress.pending);
  const discovering = unified.overallStatus === "discovering";
  return {
    sessionId: unified.sessionId,
    status: discovering ? "discovering" : training.status,
    isIndeterminate: progress.total === null,
    discoveredImages: discovery.progress.done,
    message: unified.overallProgress.message,
    progress: {
      current: progress.current,
      total: progress.total,
      percentage: progress.percentage,
      etaSeconds: progress.etaSeconds,
      imagesPerMinute: progress.ratePerMinute,
    },
    jobsSummary: {
      pending: progress.pending - running,
      running,
      completed: progress.done,
      failed: progress.failed,
      skipped: progress.skipped,
    },
  };
}

/** The unit older clients show; what a worker takes at once is sized to commit every second. */
const BATCH = 16;

/** The face side of a session: detection and clustering together. */
export function faceShape(
  row: SessionRow,
  unified: UnifiedProgress,
): z.infer<typeof Api.FaceSession> {
  const sides = [unified.phases.faceDetection, unified.phases.clustering];
  const [detection] = sides;
  const { total, current, failed } = detection.progress;
  const taking = sides.filter((phase) => phase.status !== "skipped");
  const weight = taking.reduce((sum, phase) => sum + phase.weight, 0);
  const shares = taking.map((phase) => phase.weight * (phase.progress.percentage ?? 0));
  const known = taking.length > 0 &&
    (taking[0].progress.total !== null || taking.every((p) => isTerminal(p.status)));
  const percent = shares.reduce((sum, share) => sum + share, 0) / weight;
  return {
    id: row.id,
    trainingSessionId: row.kind === "folders" ? row.id : row.sourceSessionId,
    status: taking.length === 0 ? "skipped" : overallStatus(sides),
    totalImages: total,
    processedImages: current,
    failedImages: failed,
    facesDetected: row.facesFound,
    facesAssignedToPersons: row.facesAssigned,
    clustersCreated: row.clustersMade,
    suggestionsCreated: row.facesSuggested,
    currentBatch: Math.ceil(current / BATCH),
    totalBatches: total === null ? null : Math.ceil(total / BATCH),
    progressPercent: known && weight > 0 ? Math.floor(percent * 10 + 1e-9) / 10 : null,
    startedAt: detection.startedAt,
    completedAt: taking.at(-1)?.completedAt ?? null,
    lastError: sides.find((phase) => phase.error !== null)?.error ?? null,
  };
}

export function itemPageShape(page: ItemPage): z.infer<typeof Api.ItemPage> {
  return {
    items: page.items.map((item) => ({
      ...item,
      finishedAt: item.finishedAt?.toISOString() ?? null,
    })),
    nextCursor: page.nextCursor,
  };
}

export const thumbnailUrl = (photoId: number) => `/api/v1/photos/${photoId}/thumbnail`;
export const previewUrl = (photoId: number) => `/api/v1/photos/${photoId}/preview`;
export const cropUrl = (faceId: number) => `/api/v1/faces/${faceId}/crop`;

export function photoShape(detail: PhotoDetail): z.infer<typeof Api.Photo> {
  const { photo } = detail;
  return {
    id: photo.id,
    sha256: photo.sha256,
    byteSize: photo.byteSize,
    width: photo.width,
    height: photo.height,
    format: photo.format,
    takenAt: photo.takenAt,
    takenOffsetMinutes: photo.takenOffsetMinutes,
    camera: photo.camera,
    lens: photo.lens,
    latitude: photo.latitude,
    longitude: photo.longitude,
    rating: photo.rating,
    representativeId: photo.representativeId,
    thumbnailUrl: thumbnailUrl(photo.id),
    previewUrl: previewUrl(photo.id),
    files: detail.files,
    faces: detail.faces.map((face) => ({ ...face, cropUrl: cropUrl(face.id) })),
    duplicates: detail.duplicates.map(tileShape),
  };
}

const tileShape = (tile: PhotoTile) => ({ ...tile, thumbnailUrl: thumbnailUrl(tile.id) });

/** The folder above, or null at the top. */
export const parentOf = (path: string) => dirname(path) === path ? null : dirname(path);
