import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { readVectors } from "./face_vectors.ts";
import { readRivals } from "./rivals.ts";
import type { Gallery, Known } from "./score.ts";
import type { Thresholds } from "./thresholds.ts";

/** The people of one face model, as they stand in the database. */
export interface People extends Gallery {
  byId: ReadonlyMap<number, Known>;
  /** The thresholds of the model's pack. */
  pack: Thresholds;
  /** Equal for equal content: it tells whether anything has changed since. */
  version: string;
}

/** People who were read before; their vectors by a key that changes with the row that names them. */
interface Cached {
  place: string;
  people: People;
  vectors: Map<string, Float32Array>;
  /** The same people beside the rivals that were read last. */
  gallery: People | null;
}

/** By model. One of 1,000 people takes 16 MB. */
const cache = new Map<string, Cached>();

/**
 * Everybody who has prototypes of this face model, beside the covers of its unnamed clusters; null
 * if no worker with it has ever started here. Costs two statements while nothing has changed,
 * otherwise also the vectors that are new.
 */
export async function readGallery(tx: Db | Tx, model: string): Promise<People | null> {
  const cached = await readCached(tx, model);
  if (!cached) return null;
  const { place, people } = cached;
  // Where nobody is known nobody has a rival.
  if (people.people.length === 0) return people;
  const rivals = await readRivals(tx, model, { place, dimension: people.dimension });
  const version = `${people.version}; ${rivals.version}`;
  if (cached.gallery?.version !== version) {
    cached.gallery = { ...people, rivals: rivals.blocks, version };
  }
  return cached.gallery;
}

/** readGallery without the rivals: whatever the number of clusters, it costs the same. */
export async function readPeople(tx: Db | Tx, model: string): Promise<People | null> {
  return (await readCached(tx, model))?.people ?? null;
}

async function readCached(tx: Db | Tx, model: string): Promise<Cached | null> {
  const now = await readVersion(tx, model);
  if (!now) return null;
  const before = cache.get(model);
  const known = before?.place === now.place ? before : undefined;
  if (known?.people.version === now.version) return known;
  const rows = await readPrototypes(tx, model);
  const vectors = known?.vectors ?? new Map<string, Float32Array>();
  const missing = rows.filter(({ key }) => !vectors.has(key)).map(({ faceId }) => faceId);
  const fresh = await readVectors(tx, missing, now.dimension);
  const usable = rows.flatMap((row) => {
    const vector = vectors.get(row.key) ?? fresh.get(row.faceId);
    return vector ? [{ ...row, vector }] : [];
  });
  // Thresholds change with every answer, and by themselves copy nothing.
  const former = known && [...known.vectors.keys()];
  const same = former?.length === usable.length &&
    former.every((key, row) => key === usable[row].key);
  const block = same ? known!.people.vectors : blockOf(usable, now.dimension);
  const cached = {
    place: now.place,
    people: assemble(usable, { ...now, block }),
    vectors: new Map(usable.map(({ key, vector }) => [key, vector])),
    gallery: null,
  };
  cache.set(model, cached);
  return cached;
}

interface Version {
  /** Which database this is: ids mean nothing in another. */
  place: string;
  version: string;
  dimension: number;
  pack: Thresholds;
}

// A sum of hashes is the same for the same rows in whatever order. A row that was written anew has
// another xmin, so a prototype whose face was looked at again is noticed too. 8,000 rows take 3 ms.
async function readVersion(tx: Db | Tx, model: string): Promise<Version | null> {
  const [row] = await tx.execute<
    { place: string; version: string; dimension: number; certain: number; likely: number }
  >(sql`
    select pg_postmaster_start_time()::text || ' ' || current_database() as place,
      dimension, certain, likely,
      concat_ws(' ', dimension, certain, likely,
        (select concat_ws(' ', count(*), sum(hashint8extended(face_id, person_id)),
            sum(hashint8extended(xmin::text::bigint, face_id)))
          from prototypes where model = ${model}),
        (select concat_ws(' ', count(*), sum(hashint8extended(xmin::text::bigint, person_id)))
          from person_thresholds where model = ${model}),
        (select concat_ws(' ', count(*), sum(hashint8extended(id, 0))) from people where hidden))
        as version
    from face_models where model = ${model}`);
  if (!row) return null;
  const { place, version, dimension, certain, likely } = row;
  return { place, version, dimension, pack: { certain, likely } };
}

interface PrototypeRow {
  faceId: number;
  key: string;
  personId: number;
  hidden: boolean;
  certain: number | null;
  likely: number | null;
}

async function readPrototypes(tx: Db | Tx, model: string): Promise<PrototypeRow[]> {
  const rows = await tx.execute<{
    person: string;
    face: string;
    key: string;
    hidden: boolean;
    certain: number | null;
    likely: number | null;
  }>(sql`
    select r.person_id as person, r.face_id as face, r.face_id || ' ' || r.xmin as key, p.hidden,
      t.certain, t.likely
    from prototypes r join people p on p.id = r.person_id
      left join person_thresholds t on t.person_id = r.person_id and t.model = r.model
    where r.model = ${model} order by r.person_id, r.face_id`);
  return rows.map(({ person, face, ...row }) => ({
    ...row,
    personId: Number(person),
    faceId: Number(face),
  }));
}

function blockOf(rows: { vector: Float32Array }[], dimension: number): Float32Array {
  const block = new Float32Array(rows.length * dimension);
  rows.forEach(({ vector }, row) => block.set(vector, row * dimension));
  return block;
}

function assemble(
  rows: PrototypeRow[],
  { dimension, pack, version, block }: Version & { block: Float32Array },
): People {
  const byId = new Map<number, Known>();
  rows.forEach((row, index) => {
    const known = byId.get(row.personId);
    if (known) known.to = index + 1;
    else {
      byId.set(row.personId, {
        id: row.personId,
        hidden: row.hidden,
        // A pack that was made stricter since binds at once.
        certain: Math.max(row.certain ?? pack.certain, pack.certain),
        likely: Math.max(row.likely ?? pack.likely, pack.likely),
        from: index,
        to: index + 1,
      });
    }
  });
  return { dimension, pack, version, byId, people: [...byId.values()], vectors: block, rivals: [] };
}
