import { type SQL, sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { readVectors } from "./face_vectors.ts";

/** Covers of the unnamed clusters of a face model. */
export interface Rivals {
  /** Their vectors: any number of rows each. What has not changed is the block of before. */
  blocks: readonly Float32Array[];
  /** Equal for equal content. */
  version: string;
}

/** The covers of some of the clusters, with their vectors in the order of `keys`. */
interface Bucket {
  version: string;
  /** Of each row: they change with the row of the face. */
  keys: string[];
  block: Float32Array;
}

/**
 * Clusters fall into so many buckets by their id. Whoever names one has a single bucket read and
 * copied anew: 625 covers, 1.3 MB, where there are 20,000 clusters.
 */
const BUCKETS = 32;

/** Models that one process has the covers of: the one that is shown, and the worker's own. */
const MODELS = 2;

/** By model, the one asked for last at the end. */
const cache = new Map<string, { place: string; buckets: Map<number, Bucket> }>();

/**
 * Covers of the unnamed clusters, as they stand in the database. Costs one statement while nothing
 * has changed. `place` says which database this is.
 */
export async function readRivals(
  tx: Db | Tx,
  model: string,
  { place, dimension }: { place: string; dimension: number },
): Promise<Rivals> {
  const rows = await tx.execute<{ bucket: number; version: string }>(sql`
    select ${BUCKET} as bucket, ${versionOf(model)} as version from clusters c
    where ${hasCover(model)} group by 1 order by 1`);
  const before = cache.get(model);
  const known = before?.place === place ? before.buckets : new Map<number, Bucket>();
  const buckets = new Map<number, Bucket>();
  for (const { bucket, version } of rows) {
    const former = known.get(bucket);
    const same = former?.version === version;
    buckets.set(
      bucket,
      same ? former : await readBucket(tx, bucket, { model, dimension, version, former }),
    );
  }
  cache.delete(model);
  cache.set(model, { place, buckets });
  for (const oldest of cache.keys()) if (cache.size > MODELS) cache.delete(oldest);
  return {
    blocks: [...buckets.values()].map(({ block }) => block),
    version: [...buckets].map(([bucket, { version }]) => `${bucket}: ${version}`).join(),
  };
}

const BUCKET = sql`(c.id % ${sql.raw(String(BUCKETS))})::int`;

const hasCover = (model: string) => sql`c.model = ${model} and c.cover_face_id is not null`;

// After a grouping all are looked at: a cover may be the same face, which was found anew since.
const versionOf = (model: string, over: SQL = sql``) =>
  sql`concat_ws(' ', (select max(id) from clusterings where model = ${model}), count(*) ${over},
    sum(hashint8extended(c.cover_face_id, 0)) ${over})`;

// The version of what is read, which may be another by now than the one that was asked for.
async function readBucket(
  tx: Db | Tx,
  bucket: number,
  { model, dimension, version, former }: {
    model: string;
    dimension: number;
    version: string;
    former?: Bucket;
  },
): Promise<Bucket> {
  const rows = await tx.execute<{ face: string; key: string; version: string }>(sql`
    select c.cover_face_id as face, concat_ws(' ', c.cover_face_id, f.xmin) as key,
      ${versionOf(model, sql`over ()`)} as version
    from clusters c left join faces f on f.id = c.cover_face_id
    where ${hasCover(model)} and ${BUCKET} = ${bucket} order by c.id`);
  const now = rows[0]?.version ?? version;
  const same = former?.keys.length === rows.length &&
    rows.every(({ key }, row) => key === former.keys[row]);
  if (same) return { ...former, version: now };
  const known = new Map(former?.keys.map((key, row) => [key, row]));
  const missing = rows.filter(({ key }) => !known.has(key)).map(({ face }) => Number(face));
  const fresh = await readVectors(tx, missing, dimension);
  const usable = rows.filter(({ face, key }) => known.has(key) || fresh.has(Number(face)));
  const block = new Float32Array(usable.length * dimension);
  usable.forEach(({ face, key }, row) => {
    const at = (known.get(key) ?? -1) * dimension;
    const vector = at < 0 ? fresh.get(Number(face))! : former!.block.subarray(at, at + dimension);
    block.set(vector, row * dimension);
  });
  return { version: now, keys: usable.map(({ key }) => key), block };
}
