import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { clusterings, faces, photos } from "../db/schema.ts";
import { writeServing } from "../db/serving_queries.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { FACE_DEFAULTS, LEAST_QUALITY } from "../jobs/clustering/face_defaults.ts";
import { runClustering } from "../jobs/clustering/run.ts";
import { constraintsOf, readNoes } from "../jobs/people/grouping_constraints.ts";
import { groupingFloor } from "../jobs/people/grouping_floor.ts";
import { loadFaces } from "../jobs/people/load_faces.ts";
import { storeGrouping } from "../jobs/people/store_grouping.ts";
import type { SimulatedFaces } from "./simulated_faces.ts";

const MODEL = "simulated-faces";

/** The cosines of the packs of the ArcFace family. */
const THRESHOLDS = { certain: 0.5, likely: 0.36 };

/** Stores a library as a session would have, without pictures, and what is true of it in a table. */
export async function storeSimulated(db: Db, library: SimulatedFaces): Promise<void> {
  const { dimension, vectors, truth, quality } = library;
  await db.execute(sql`create table truth (face_id bigint primary key, person int not null)`);
  await db.execute(sql`
    insert into face_models values (${MODEL}, ${dimension}, ${THRESHOLDS.certain},
      ${THRESHOLDS.likely})`);
  await writeServing(db, { faces: MODEL });
  const count = library.photos.reduce((most, photo) => Math.max(most, photo + 1), 0);
  for (let start = 0; start < count; start += 1000) {
    await db.insert(photos).overridingSystemValue().values(
      Array.from({ length: Math.min(1000, count - start) }, (_, i) => photoRow(start + i + 1)),
    );
  }
  for (let start = 0; start < truth.length; start += 500) {
    const rows = Array.from({ length: Math.min(500, truth.length - start) }, (_, i) => start + i);
    const made = await db.insert(faces).values(rows.map((face) => ({
      photoId: library.photos[face] + 1,
      model: MODEL,
      box: [0.1 * (face % 9), 0.1, 0.08, 0.1],
      landmarks: Array(10).fill(0.1),
      score: 0.9,
      quality: quality[face],
      embedding: bytesOfVector(vectors.subarray(face * dimension, (face + 1) * dimension)),
    }))).returning({ id: faces.id });
    const ids = made.map(({ id }) => id).sort((a, b) => a - b);
    await db.execute(sql`
      insert into truth select * from unnest(${sql.param(ids)}::bigint[],
        ${sql.param(rows.map((face) => truth[face]))}::int[])`);
  }
  await db.execute(sql`analyze`);
}

const photoRow = (id: number) => ({
  id,
  sha256: `simulated ${id}`,
  byteSize: 1,
  width: 1000,
  height: 1000,
  format: "jpeg",
  dhash: "0",
  flat: false,
  firstMtimeMs: id,
  firstPath: `/simulated/${id}`,
  previewWidth: 1000,
  previewHeight: 1000,
});

/** Groups the faces as a worker does. */
export async function groupSimulated(db: Db, { dimension }: SimulatedFaces): Promise<void> {
  const loaded = await loadFaces(db, {
    model: MODEL,
    dimension,
    minQuality: LEAST_QUALITY,
    signal: new AbortController().signal,
    moved: () => {},
  });
  const result = await runClustering(loaded.vectors, dimension, {
    ...FACE_DEFAULTS,
    similarityFloor: groupingFloor(THRESHOLDS),
    constraints: await constraintsOf(loaded, await readNoes(db, MODEL)),
  });
  await db.transaction(async (tx) => {
    const stored = await storeGrouping(tx, {
      ...loaded,
      ...result,
      model: MODEL,
      dimension,
      thresholds: THRESHOLDS,
    });
    await tx.insert(clusterings).overridingSystemValue().values({
      id: loaded.turn,
      model: MODEL,
      faces: loaded.seen,
      clusters: stored.clusters,
      noise: result.labels.filter((label) => label < 0).length,
      difference: stored.difference,
      loadedAt: new Date(loaded.loadedAt),
    });
  });
}
