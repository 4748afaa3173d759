import { and, eq, inArray, isNull, notExists, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import {
  faces,
  faceScans,
  photos,
  prototypes,
  rejections,
  type SessionKind,
  sessions,
  splits,
  suggestions,
} from "../db/schema.ts";
import { SHOWN_FACES } from "../db/serving_queries.ts";
import { DRAWN } from "../db/shown_faces.ts";
import { bytesOfVector, vectorOfBytes } from "../db/vectors.ts";
import type { DetectedFace } from "../models/types.ts";
import { matchBoxes } from "./match_boxes.ts";
import { carryOntoNew } from "./people/carry_over.ts";
import { matchFaces } from "./people/match_faces.ts";
import { rescore } from "./people/rescore.ts";
import { lockClusters, mendClusters } from "./store_clusters.ts";
import type { Outcome } from "./queue/finish.ts";

/** A photo that was looked at, and the faces in it. */
export interface Look {
  jobId: number;
  photoId: number;
  faces: DetectedFace[];
}

export interface Looker {
  /** Of the face model. */
  model: string;
  sessionId: number;
  kind: SessionKind;
}

/** The end of an item whose photo was looked at by somebody else. */
export const ALREADY_SCANNED = {
  state: "skipped" as const,
  reason: "already_scanned",
  message: "Another session had already looked for faces in it",
};

const DUPLICATE = {
  state: "skipped" as const,
  reason: "duplicate",
  message: "An earlier copy represents it by now; its faces are found there",
};

/**
 * Stores what was found in photos, in the transaction that ends their jobs, and returns the ends.
 * A session over folders adds to photos that nobody has looked at; a run over what exists puts its
 * finds in the place of the former ones. Faces of people who are known get their person, or a
 * suggestion. Doing it twice leaves what doing it once does.
 */
export async function storeFaces(tx: Tx, all: Look[], looker: Looker): Promise<Outcome[]> {
  const standing = await ownFaces(tx, all);
  const looks = all.filter(({ photoId }) => standing.has(photoId));
  if (looks.length === 0) return all.map(({ jobId }) => ({ id: jobId, ...DUPLICATE }));
  const kept = looker.kind === "faces"
    ? await replaceFaces(tx, looks, looker)
    : await addFaces(tx, looks, looker);
  return all.map(({ jobId, photoId }) => {
    if (kept.has(photoId)) return { id: jobId, state: "done" };
    return { id: jobId, ...(standing.has(photoId) ? ALREADY_SCANNED : DUPLICATE) };
  });
}

// Training of another session may have put an earlier copy in a photo's place since the photo was
// queued; the faces of the two are the same, and are found in that one.
async function ownFaces(tx: Tx, looks: Look[]): Promise<Set<number>> {
  if (looks.length === 0) return new Set();
  const rows = await tx.select({ id: photos.id }).from(photos).where(and(
    inArray(photos.id, looks.map(({ photoId }) => photoId)),
    isNull(photos.representativeId),
  )).orderBy(photos.id).for("share");
  return new Set(rows.map((row) => row.id));
}

// Two sessions may have looked at one photo side by side; the first to commit is the one kept.
async function addFaces(tx: Tx, looks: Look[], looker: Looker): Promise<Set<number>> {
  const fresh = await tx.insert(faceScans).values(looks.map((look) => scanRow(look, looker)))
    .onConflictDoNothing().returning({ photoId: faceScans.photoId });
  const kept = new Set(fresh.map((row) => row.photoId));
  const known = await readKnown(tx, [...kept], looker);
  const found = recognise(looks.filter(({ photoId }) => kept.has(photoId)), known, looker);
  const stored = await writeFaces(tx, found);
  await relearnDrawn(tx, found);
  await carryNames(tx, [...kept], looker);
  const matched = await matchFaces(tx, stored, looker);
  await countFaces(tx, looker, { found: stored.length, ...matched });
  return kept;
}

// The same face keeps its row, and with it its cluster and whatever hangs on its id. What the
// program had made of it is found anew.
async function replaceFaces(tx: Tx, looks: Look[], looker: Looker): Promise<Set<number>> {
  const ids = looks.map(({ photoId }) => photoId);
  // Before any face is touched: a clustering that stores its result holds this lock and then
  // wants the faces.
  await lockClusters(tx);
  const known = await readKnown(tx, ids, looker);
  const before = await tx.select({ photoId: faceScans.photoId, faces: faceScans.faces })
    .from(faceScans).where(and(
      inArray(faceScans.photoId, ids),
      eq(faceScans.model, looker.model),
      eq(faceScans.sessionId, looker.sessionId),
    ));
  const found = recognise(looks, known, looker);
  const stored = await writeFaces(tx, found);
  await relearnDrawn(tx, found);
  const kept = new Set(found.map(({ former }) => former?.id));
  // What somebody has said of a face holds, found again or not.
  const lost = known.filter((face) =>
    face.model === looker.model && !kept.has(face.id) && !face.confirmed && !face.notAFace
  );
  if (lost.length > 0) {
    await tx.delete(faces).where(and(
      inArray(faces.id, lost.map(({ id }) => id)),
      notExists(tx.select().from(rejections).where(eq(rejections.faceId, faces.id))),
      notExists(tx.select().from(splits).where(eq(splits.faceId, faces.id))),
    ));
    await forgetGuesses(tx, lost.map(({ id }) => id));
    await mendClusters(tx, lost.flatMap(({ clusterId }) => clusterId === null ? [] : [clusterId]));
  }
  await tx.insert(faceScans).values(looks.map((look) => scanRow(look, looker)))
    .onConflictDoUpdate({
      target: [faceScans.photoId, faceScans.model],
      set: { faces: sql`excluded.faces`, sessionId: sql`excluded.session_id` },
    });
  await carryNames(tx, ids, looker);
  // A photo that this very run has looked at before is not counted a second time.
  const again = new Set(before.map(({ photoId }) => photoId));
  const isAgain = ({ photoId }: StoredFace) => again.has(photoId);
  await matchFaces(tx, stored.filter(isAgain), looker);
  const matched = await matchFaces(tx, stored.filter((face) => !isAgain(face)), looker);
  const counted = before.reduce((sum, scan) => sum + scan.faces, 0);
  await countFaces(tx, looker, { found: stored.length - counted, ...matched });
  return new Set(ids);
}

// Whom the program takes a face for that is not found any more would stand in the way of the others
// of its photo.
async function forgetGuesses(tx: Tx, ids: number[]): Promise<void> {
  await tx.update(faces).set({ personId: null, similarity: null, clusterId: null })
    .where(inArray(faces.id, ids));
  await tx.delete(suggestions).where(inArray(suggestions.faceId, ids));
}

type KnownFace = Pick<
  typeof faces.$inferSelect,
  "id" | "photoId" | "model" | "box" | "clusterId" | "personId" | "confirmed" | "notAFace"
>;

/** Faces of these photos that the looker's model found before, and those drawn by hand. */
async function readKnown(tx: Tx, photoIds: number[], { model }: Looker): Promise<KnownFace[]> {
  return await tx.select({
    id: faces.id,
    photoId: faces.photoId,
    model: faces.model,
    box: faces.box,
    clusterId: faces.clusterId,
    personId: faces.personId,
    confirmed: faces.confirmed,
    notAFace: faces.notAFace,
  }).from(faces).where(and(
    inArray(faces.photoId, photoIds),
    inArray(faces.model, [model, DRAWN]),
  )).orderBy(faces.id);
}

interface FoundRow {
  /** The face that it is, if it was known. One that was drawn becomes one that was found. */
  former: KnownFace | null;
  row: ReturnType<typeof faceRow>;
}

function recognise(looks: Look[], known: KnownFace[], looker: Looker): FoundRow[] {
  return looks.flatMap((look) => {
    const there = known.filter(({ photoId }) => photoId === look.photoId);
    const same = matchBoxes(look.faces.map(({ box }) => box), there.map(({ box }) => box));
    return look.faces.map((face, index) => ({
      former: same.has(index) ? there[same.get(index)!] : null,
      row: faceRow(look.photoId, face, looker),
    }));
  });
}

interface StoredFace {
  id: number;
  photoId: number;
  vector: Float32Array;
}

async function writeFaces(tx: Tx, found: FoundRow[]): Promise<StoredFace[]> {
  await updateFaces(
    tx,
    found.flatMap(({ former, row }) => former ? [{ id: former.id, ...row }] : []),
  );
  const fresh = found.filter(({ former }) => former === null).map(({ row }) => row);
  const made = fresh.length === 0
    ? []
    : await tx.insert(faces).values(fresh).returning({ id: faces.id });
  // Ids are handed out in the order of the values.
  const ids = made.map(({ id }) => id).sort((a, b) => a - b);
  return found.map(({ former, row }) => ({
    id: former?.id ?? ids.shift()!,
    photoId: row.photoId,
    vector: vectorOfBytes(row.embedding),
  }));
}

// One that was drawn has an embedding now, which says what the person looks like.
async function relearnDrawn(tx: Tx, found: FoundRow[]): Promise<void> {
  const people = new Set(
    found.flatMap(({ former }) =>
      former?.model === DRAWN && former.personId !== null ? [former.personId] : []
    ),
  );
  if (people.size === 0) return;
  await lockClusters(tx);
  await rescore(tx, [...people]);
}

// While other models' faces are shown, names wait for the end of the run (see jobs/serving.ts).
async function carryNames(tx: Tx, photoIds: number[], { model }: Looker): Promise<void> {
  if (photoIds.length === 0) return;
  const [{ shown }] = await tx.execute<{ shown: boolean }>(sql`
    select coalesce(${SHOWN_FACES} = ${model}, true) as shown`);
  if (shown) await carryOntoNew(tx, { model, photoIds });
}

// An upsert of rows that are all there: the only way to change many in one statement with typed
// arrays and bytes.
async function updateFaces(tx: Tx, rows: (typeof faces.$inferInsert & { id: number })[]) {
  if (rows.length === 0) return;
  await tx.insert(faces).overridingSystemValue().values(rows).onConflictDoUpdate({
    target: faces.id,
    set: {
      model: sql`excluded.model`,
      box: sql`excluded.box`,
      landmarks: sql`excluded.landmarks`,
      score: sql`excluded.score`,
      quality: sql`excluded.quality`,
      embedding: sql`excluded.embedding`,
    },
  });
  // Written anew, so that whoever has kept the vectors of prototypes reads them again.
  const ids = rows.map(({ id }) => id);
  await tx.update(prototypes).set({ model: sql`model` }).where(inArray(prototypes.faceId, ids));
}

async function countFaces(
  tx: Tx,
  { sessionId }: Looker,
  { found, assigned, suggested }: { found: number; assigned: number; suggested: number },
): Promise<void> {
  if (found === 0 && assigned === 0 && suggested === 0) return;
  await tx.update(sessions).set({
    facesFound: sql`faces_found + ${found}`,
    facesAssigned: sql`faces_assigned + ${assigned}`,
    facesSuggested: sql`faces_suggested + ${suggested}`,
  }).where(eq(sessions.id, sessionId));
}

const scanRow = (look: Look, { model, sessionId }: Looker) => ({
  photoId: look.photoId,
  model,
  faces: look.faces.length,
  sessionId,
});

const faceRow = (photoId: number, face: DetectedFace, { model }: Looker) => ({
  photoId,
  model,
  box: [...face.box],
  landmarks: face.landmarks.flat(),
  score: face.score,
  quality: face.quality,
  embedding: bytesOfVector(face.embedding),
});
