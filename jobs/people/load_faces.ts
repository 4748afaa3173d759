import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { vectorOfBytes } from "../../db/vectors.ts";
import { groupable } from "../../db/serving_queries.ts";

/** Faces of one model for a grouping, in the order of their ids. */
export interface LoadedFaces {
  /** Drawn when they were read: the greater, the later. No clock, which may be set back. */
  turn: number;
  loadedAt: string;
  /** How many there were, those that cannot be used included. */
  seen: number;
  ids: number[];
  /** One row of the model's dimension a face, of length 1. */
  vectors: Float32Array;
  /** Per face: its photo, numbered from 0 in the order of appearance. */
  photos: Int32Array;
  /** Per face: the place in `peopleIds` of whom somebody confirmed it to be, or −1. */
  people: Int32Array;
  peopleIds: number[];
  /** Faces whose embedding cannot be used, by id: NaN, all zeros, another length. */
  unusable: number[];
}

export interface LoadOptions {
  model: string;
  dimension: number;
  /** Faces of lower quality take part only if somebody confirmed them. */
  minQuality: number;
  signal: AbortSignal;
  /** Called after every portion. */
  moved(): void;
}

/** Faces read by one statement: 8 ms of this thread. */
const LOADED_AT_ONCE = 1000;

/**
 * Reads the faces of a model that a grouping is about: those of sufficient quality, those that
 * somebody confirmed, and none that somebody said is no face. Vectors lie in shared memory, for the
 * thread that groups. Embeddings that cannot be used are left out and named in the answer.
 */
export async function loadFaces(db: Db, options: LoadOptions): Promise<LoadedFaces> {
  const { model, dimension, minQuality, signal } = options;
  const these = groupable({ model, minQuality });
  const [{ turn, now, count }] = await db.execute<{ turn: string; now: string; count: number }>(sql`
    select nextval(pg_get_serial_sequence('clusterings', 'id')) as turn, clock_timestamp() as now,
      (select count(*)::int from faces f where ${these}) as count`);
  const vectors = new Float32Array(new SharedArrayBuffer(count * dimension * 4));
  const photos = new Int32Array(count), people = new Int32Array(count);
  const photoAt = numbering(), personAt = numbering();
  const ids: number[] = [], unusable: number[] = [];
  let seen = 0, last = 0;
  // Those found since the count wait for the next grouping; those deleted leave the rest unused.
  while (seen < count) {
    signal.throwIfAborted();
    const rows = await db.execute<FaceRow>(sql`
      select id, photo_id, embedding, case when confirmed then person_id end as person_id
      from faces f where ${these} and id > ${last}
      order by id limit ${Math.min(LOADED_AT_ONCE, count - seen)}`);
    if (rows.length === 0) break;
    for (const row of rows) {
      last = Number(row.id);
      const vector = unitVector(row.embedding, dimension);
      if (!vector) {
        unusable.push(last);
        continue;
      }
      const at = ids.push(last) - 1;
      vectors.set(vector, at * dimension);
      photos[at] = photoAt.of(row.photo_id);
      people[at] = row.person_id === null ? -1 : personAt.of(row.person_id);
    }
    seen += rows.length;
    options.moved();
  }
  return {
    turn: Number(turn),
    loadedAt: now,
    seen,
    ids,
    vectors: vectors.subarray(0, ids.length * dimension),
    photos: photos.subarray(0, ids.length),
    people: people.subarray(0, ids.length),
    peopleIds: personAt.all().map(Number),
    unusable,
  };
}

interface FaceRow extends Record<string, unknown> {
  id: string;
  photo_id: string;
  embedding: Uint8Array;
  person_id: string | null;
}

/** Numbers keys from 0 in the order in which they are first seen. */
function numbering() {
  const numbers = new Map<string, number>();
  return {
    of(key: string): number {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, numbers.size);
      return numbers.size - 1;
    },
    all: () => [...numbers.keys()],
  };
}

/** Off length 1 by more than this a vector is scaled, as jobs/clustering/points.ts refuses it. */
const LENGTH_TOLERANCE = 1e-3;
/** Shorter vectors have no direction that would mean anything. */
const LEAST_LENGTH = 1e-6;

/** A stored embedding as a vector of length 1; null if it has no direction or is not this model's. */
export function unitVector(bytes: Uint8Array, dimension: number): Float32Array | null {
  if (bytes.byteLength !== dimension * 4) return null;
  const vector = vectorOfBytes(bytes);
  let sum = 0;
  for (let i = 0; i < dimension; i++) sum += vector[i] * vector[i];
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length < LEAST_LENGTH) return null;
  if (Math.abs(length - 1) > LENGTH_TOLERANCE) {
    for (let i = 0; i < dimension; i++) vector[i] /= length;
  }
  return vector;
}
