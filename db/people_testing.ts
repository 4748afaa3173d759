import { sql } from "drizzle-orm";
import { createHash } from "node:crypto";
import type { Db } from "./client.ts";
import { clusters, faceModels, faces, people, photos, proposals, suggestions } from "./schema.ts";
import { bytesOfVector } from "./vectors.ts";

/** The face model of the tests: 16 dimensions, one direction for each of 16 people. */
export const MODEL = "tested@0123456789ab";
const DIMENSION = 16;

/** Lets the faces of MODEL be shown. */
export async function showModel(db: Db, model = MODEL): Promise<void> {
  await db.insert(faceModels).values({ model, dimension: DIMENSION, certain: 0.6, likely: 0.4 })
    .onConflictDoNothing();
  await db.execute(sql`insert into settings (name, value, by)
    values ('serving', ${JSON.stringify({ faces: model })}::jsonb, 'test')
    on conflict (name) do update set value = excluded.value`);
}

/** A photo that is a row only, without pictures. */
export async function insertPhoto(
  db: Db,
  { takenAt = null, representativeId = null }: {
    takenAt?: string | null;
    representativeId?: number | null;
  } = {},
): Promise<number> {
  const sha256 = createHash("sha256").update(crypto.randomUUID()).digest("hex");
  const [{ id }] = await db.insert(photos).values({
    sha256,
    byteSize: 1,
    width: 1200,
    height: 800,
    format: "jpeg",
    takenAt,
    dhash: sha256.slice(0, 16),
    flat: false,
    representativeId,
    firstMtimeMs: 1_600_000_000_000,
    firstPath: `/p/${sha256}.jpg`,
    previewWidth: 120,
    previewHeight: 80,
  }).returning({ id: photos.id });
  return id;
}

type NewFace = Partial<typeof faces.$inferInsert> & {
  photoId: number;
  /** Who it looks like: 0 to 15. */
  like?: number;
};

/** A face; of a new photo if none is named. */
export async function insertFace(
  db: Db,
  { like = 0, ...face }: Partial<NewFace> = {},
): Promise<number> {
  const photoId = face.photoId ?? await insertPhoto(db);
  const [{ id }] = await db.insert(faces).values({
    model: MODEL,
    box: [0.5, 0.25, 0.1, 0.2],
    landmarks: [],
    score: 0.9,
    quality: 0.5,
    embedding: bytesOfVector(lookingLike(like)),
    ...face,
    photoId,
  }).returning({ id: faces.id });
  return id;
}

/**
 * A unit vector near the axis of somebody, never the same twice, with a cosine of about .99 to
 * others like it; or one of so little likeness, the rest like somebody else.
 */
export function lookingLike(
  whom: number,
  { likeness = 1, else: other = 0 }: { likeness?: number; else?: number } = {},
): Float32Array {
  const vector = Float32Array.from({ length: DIMENSION }, () => noise() * 0.05);
  vector[whom] += likeness;
  vector[other] += Math.sqrt(1 - likeness ** 2);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

let drawn = 0;

/** From −0.5 to 0.5: multiples of the golden ratio, the same in every run. */
const noise = () => (++drawn * 0.6180339887) % 1 - 0.5;

/** Somebody with so many confirmed faces, each on a photo of its own. */
export async function insertPerson(
  db: Db,
  { count = 0, like = 0, ...person }:
    & Partial<typeof people.$inferInsert>
    & { count?: number; like?: number } = {},
): Promise<{ id: number; faceIds: number[] }> {
  const [{ id }] = await db.insert(people).values({ name: null, ...person })
    .returning({ id: people.id });
  const faceIds = [];
  for (let n = 0; n < count; n++) {
    faceIds.push(await insertFace(db, { like, personId: id, confirmed: true }));
  }
  return { id, faceIds };
}

/** A cluster of so many faces, each on a photo of its own, in descending quality. */
export async function insertCluster(
  db: Db,
  { count, like = 0, model = MODEL }: { count: number; like?: number; model?: string },
): Promise<{ id: number; faceIds: number[] }> {
  const [{ id }] = await db.insert(clusters).values({ model, size: count })
    .returning({ id: clusters.id });
  const faceIds = [];
  for (let n = 0; n < count; n++) {
    const quality = 0.9 - n / 100;
    faceIds.push(await insertFace(db, { like, model, clusterId: id, quality }));
  }
  return { id, faceIds };
}

/** A face that waits for an answer about somebody. */
export async function insertSuggestion(
  db: Db,
  { personId, similarity, skipped = false, ...face }: Omit<Partial<NewFace>, "personId"> & {
    personId: number;
    similarity: number;
    skipped?: boolean;
  },
): Promise<number> {
  const faceId = await insertFace(db, face);
  const skippedAt = skipped ? new Date() : null;
  await db.insert(suggestions).values({ faceId, personId, similarity, skippedAt });
  return faceId;
}

/** An open proposal of a grouping. */
export async function insertProposal(
  db: Db,
  proposal: Partial<typeof proposals.$inferInsert> & { personId: number; faceIds: number[] },
): Promise<number> {
  const [{ id }] = await db.insert(proposals).values({
    clusteringId: 1,
    model: MODEL,
    kind: "joined",
    similarity: 0.5,
    ...proposal,
  }).returning({ id: proposals.id });
  return id;
}
