import { eq } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Db } from "./client.ts";
import { faces, people, photos, suggestions } from "./schema.ts";

export interface FaceBox {
  id: number;
  /** x, y, width, height relative to the upright picture. */
  box: number[];
  score: number;
  quality: number;
  /** "drawn": somebody drew the box. */
  model: string;
  clusterId: number | null;
  personId: number | null;
  personName: string | null;
  /** Somebody said whose face it is; false: the program did, if anybody. */
  confirmed: boolean;
  /** Cosine to the person's nearest prototype when the program assigned it. */
  similarity: number | null;
}

/** The columns of a FaceBox, out of faces and, joined to them, people. */
export const BOX = {
  id: faces.id,
  box: faces.box,
  score: faces.score,
  quality: faces.quality,
  model: faces.model,
  clusterId: faces.clusterId,
  personId: faces.personId,
  personName: people.name,
  confirmed: faces.confirmed,
  similarity: faces.similarity,
};

export interface FaceDetail extends FaceBox {
  photoId: number;
  /** Somebody says that it is none: it is in no list. */
  notAFace: boolean;
  /** Whose it may be, waiting for a yes or no. */
  suggestion: { personId: number; personName: string | null; similarity: number } | null;
}

/** One face of whatever model, or null. */
export async function findFaceDetail(db: Db, id: number): Promise<FaceDetail | null> {
  const suggested = alias(people, "suggested");
  const [row] = await db.select({
    face: { ...BOX, photoId: faces.photoId, notAFace: faces.notAFace },
    suggestion: {
      personId: suggestions.personId,
      personName: suggested.name,
      similarity: suggestions.similarity,
    },
  }).from(faces)
    .leftJoin(people, eq(people.id, faces.personId))
    .leftJoin(suggestions, eq(suggestions.faceId, faces.id))
    .leftJoin(suggested, eq(suggested.id, suggestions.personId))
    .where(eq(faces.id, id));
  if (!row) return null;
  const { personId, personName, similarity } = row.suggestion;
  return {
    ...row.face,
    suggestion: personId === null || similarity === null
      ? null
      : { personId, personName, similarity },
  };
}

/** What cutting a face out of its photo's preview needs, or null. */
export async function findFace(
  db: Db,
  id: number,
): Promise<{ sha256: string; box: number[] } | null> {
  const [row] = await db.select({ sha256: photos.sha256, box: faces.box }).from(faces)
    .innerJoin(photos, eq(photos.id, faces.photoId)).where(eq(faces.id, id));
  return row ?? null;
}
