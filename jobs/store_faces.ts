import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { faces, faceScans, photos, type SessionKind, sessions } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { overlap } from "../models/candidates.ts";
import type { DetectedFace } from "../models/types.ts";
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
 * finds in the place of the former ones. Doing it twice leaves what doing it once does.
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
  const rows = looks.filter(({ photoId }) => kept.has(photoId))
    .flatMap((look) => look.faces.map((face) => faceRow(look.photoId, face, looker)));
  if (rows.length > 0) await tx.insert(faces).values(rows);
  await countFaces(tx, looker, rows.length);
  return kept;
}

// The same face keeps its row, and with it its cluster and whatever hangs on its id.
async function replaceFaces(tx: Tx, looks: Look[], looker: Looker): Promise<Set<number>> {
  const ids = looks.map(({ photoId }) => photoId);
  // Before any face is touched: a clustering that stores its result holds this lock and then
  // wants the faces.
  await lockClusters(tx);
  const former = await tx.select({
    id: faces.id,
    photoId: faces.photoId,
    box: faces.box,
    clusterId: faces.clusterId,
  }).from(faces).where(and(inArray(faces.photoId, ids), eq(faces.model, looker.model)))
    .orderBy(faces.id);
  const scans = await tx.select({ faces: faceScans.faces }).from(faceScans).where(and(
    inArray(faceScans.photoId, ids),
    eq(faceScans.model, looker.model),
    eq(faceScans.sessionId, looker.sessionId),
  ));
  const found = looks.flatMap((look) => {
    const there = former.filter((face) => face.photoId === look.photoId);
    const same = matchBoxes(look.faces.map(({ box }) => box), there.map(({ box }) => box));
    return look.faces.map((face, index) => ({
      id: same.has(index) ? there[same.get(index)!].id : null,
      ...faceRow(look.photoId, face, looker),
    }));
  });
  await updateFaces(tx, found.flatMap(({ id, ...row }) => id === null ? [] : [{ id, ...row }]));
  const fresh = found.filter(({ id }) => id === null).map(({ id: _, ...row }) => row);
  if (fresh.length > 0) await tx.insert(faces).values(fresh);
  const kept = new Set(found.map(({ id }) => id));
  const lost = former.filter(({ id }) => !kept.has(id));
  if (lost.length > 0) {
    await tx.delete(faces).where(inArray(faces.id, lost.map(({ id }) => id)));
    await mendClusters(tx, lost.flatMap(({ clusterId }) => clusterId === null ? [] : [clusterId]));
  }
  await tx.insert(faceScans).values(looks.map((look) => scanRow(look, looker)))
    .onConflictDoUpdate({
      target: [faceScans.photoId, faceScans.model],
      set: { faces: sql`excluded.faces`, sessionId: sql`excluded.session_id` },
    });
  // A photo that this very run has looked at before is not counted a second time.
  await countFaces(tx, looker, found.length - scans.reduce((sum, scan) => sum + scan.faces, 0));
  return new Set(ids);
}

// An upsert of rows that are all there: the only way to change many in one statement with typed
// arrays and bytes.
async function updateFaces(tx: Tx, rows: (typeof faces.$inferInsert & { id: number })[]) {
  if (rows.length === 0) return;
  await tx.insert(faces).overridingSystemValue().values(rows).onConflictDoUpdate({
    target: faces.id,
    set: {
      box: sql`excluded.box`,
      landmarks: sql`excluded.landmarks`,
      score: sql`excluded.score`,
      quality: sql`excluded.quality`,
      embedding: sql`excluded.embedding`,
    },
  });
}

async function countFaces(tx: Tx, { sessionId }: Looker, count: number): Promise<void> {
  if (count === 0) return;
  await tx.update(sessions).set({ facesFound: sql`faces_found + ${count}` })
    .where(eq(sessions.id, sessionId));
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

/** Boxes that share at least this much (intersection over union) are one face, as in COCO's AP50. */
const SAME_FACE = 0.5;

/**
 * Which of the boxes `after` is which of `before` (x, y, width, height), index to index: greedily
 * by overlap, one to one; those that overlap by less than half are not in the answer.
 */
export function matchBoxes(after: number[][], before: number[][]): Map<number, number> {
  type Box = Parameters<typeof overlap>[0];
  const pairs = after.flatMap((one, index) =>
    before.map((other, there) => ({ index, there, shared: overlap(one as Box, other as Box) }))
  ).filter(({ shared }) => shared >= SAME_FACE).sort((a, b) => b.shared - a.shared);
  const matched = new Map<number, number>();
  const taken = new Set<number>();
  for (const { index, there } of pairs) {
    if (matched.has(index) || taken.has(there)) continue;
    matched.set(index, there);
    taken.add(there);
  }
  return matched;
}
