import { and, asc, desc, eq, gt, isNull, lt, ne, not, or, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { BOX, type FaceBox } from "./face_queries.ts";
import { type ItemFile, toItemFile } from "./item_queries.ts";
import { faces, faceScans, files, jobs, people, photos } from "./schema.ts";
import { SHOWN_FACES } from "./serving_queries.ts";
import { DRAWN } from "./shown_faces.ts";

export type { FaceBox };

export type PhotoRow = typeof photos.$inferSelect;

/** What a grid shows of a photo. */
export interface PhotoTile {
  id: number;
  width: number;
  height: number;
  takenAt: string | null;
  /** Any one of the files that hold it, for a name to show. */
  path: string;
}

export interface PhotoDetail {
  photo: PhotoRow;
  files: ItemFile[];
  /**
   * Those of the model that is shown and those drawn by hand, without what somebody says is no face;
   * of the representative, since duplicates share its faces.
   */
  faces: FaceBox[];
  /** Near-copies of the same picture, the representative first. */
  duplicates: PhotoTile[];
}

/** The photo's row, or null. */
export async function findPhoto(db: Db, id: number): Promise<PhotoRow | null> {
  const [row] = await db.select().from(photos).where(eq(photos.id, id));
  return row ?? null;
}

/** A photo with everything its page shows, or null; at most 200 duplicates are listed. */
export async function findPhotoDetail(db: Db, id: number): Promise<PhotoDetail | null> {
  const photo = await findPhoto(db, id);
  if (!photo) return null;
  const head = photo.representativeId ?? photo.id;
  // Before anybody grouped faces there is none to choose: then all count.
  const shown = sql`coalesce(${SHOWN_FACES}, ${faces.model})`;
  const [holding, found, duplicates] = await Promise.all([
    db.select().from(files).where(eq(files.photoId, id)).orderBy(files.path),
    db.select(BOX).from(faces).leftJoin(people, eq(people.id, faces.personId)).where(and(
      eq(faces.photoId, head),
      or(eq(faces.model, shown), eq(faces.model, DRAWN)),
      not(faces.notAFace),
    )).orderBy(faces.id),
    db.select(TILE).from(photos)
      .where(and(or(eq(photos.id, head), eq(photos.representativeId, head)), ne(photos.id, id)))
      .orderBy(asc(photos.id)).limit(200),
  ]);
  duplicates.sort((a, b) => Number(b.id === head) - Number(a.id === head));
  return { photo, files: holding.map(toItemFile), faces: found, duplicates };
}

// The path that decided who represents is a file of the photo; no join is needed for a name.
const TILE = {
  id: photos.id,
  width: photos.width,
  height: photos.height,
  takenAt: photos.takenAt,
  path: photos.firstPath,
};

/** Photos of the library without duplicates, newest first; `before` is the last id of the page before. */
export async function listPhotos(
  db: Db,
  { before, limit }: { before: number | null; limit: number },
): Promise<{ photos: PhotoTile[]; nextCursor: number | null }> {
  const rows = await db.select(TILE).from(photos)
    .where(and(isNull(photos.representativeId), before ? lt(photos.id, before) : undefined))
    .orderBy(desc(photos.id)).limit(limit + 1);
  const page = rows.slice(0, limit);
  return { photos: page, nextCursor: rows.length > limit ? page[page.length - 1].id : null };
}

/** A library without faces must not be looked through to its end for every poll. */
const LATEST = 200;

/** Photos with faces among those a run over faces looked at last; found along the ledger's index. */
export function facePhotos(db: Db, sessionId: number, limit: number): Promise<PhotoTile[]> {
  const latest = db.select({ id: jobs.id, photoId: jobs.subject }).from(jobs).where(and(
    eq(jobs.sessionId, sessionId),
    eq(jobs.phase, "face_detection"),
    eq(jobs.state, "done"),
  )).orderBy(desc(jobs.id)).limit(LATEST).as("latest");
  return db.select(TILE).from(latest)
    .innerJoin(photos, eq(photos.id, latest.photoId))
    .innerJoin(
      faceScans,
      and(
        eq(faceScans.photoId, latest.photoId),
        eq(faceScans.sessionId, sessionId),
        gt(faceScans.faces, 0),
      ),
    )
    .orderBy(desc(latest.id)).limit(limit);
}

/**
 * The newest photos a session made. Goes along the ledger's index, which holds for ten files and
 * for ten million; jobs are claimed in the order of their ids, so the highest are the newest.
 */
export function sessionPhotos(db: Db, sessionId: number, limit: number): Promise<PhotoTile[]> {
  return db.select(TILE).from(jobs)
    .innerJoin(files, eq(files.id, jobs.subject))
    .innerJoin(photos, eq(photos.id, files.photoId))
    .where(and(
      eq(jobs.sessionId, sessionId),
      eq(jobs.phase, "training"),
      eq(jobs.state, "done"),
    ))
    .orderBy(desc(jobs.id)).limit(limit);
}
