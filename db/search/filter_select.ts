import { type SQL, sql } from "drizzle-orm";
import { IS_SHOWN } from "../shown_faces.ts";
import type { PhotoFilter } from "./types.ts";

/** How the result of a filter is used. */
export interface Use {
  /** Only the first few will be fetched: nothing is worth preparing for all photos. */
  few?: boolean;
}

/**
 * A select of one column, `id`: the photos that represent themselves, of which a file is there (their
 * own or of a duplicate), and that pass every part of the filter. All of them, and no other.
 */
export const filterSelect = (filter: PhotoFilter, use: Use = {}): SQL =>
  sql`select p.id from photos p where ${passes(filter, use)}`;

/** True if every photo that is there passes. */
export const isEmptyFilter = (filter: PhotoFilter): boolean => partsOf(filter, {}).length === 0;

/** Condition on `photos p`, as filterSelect has it. */
export const passes = (filter: PhotoFilter, use: Use = {}): SQL =>
  sql.join(
    [
      sql`p.representative_id is null`,
      ...partsOf(filter, use),
      // What lies in a folder is there.
      ...filter.folder === undefined ? [IS_THERE] : [],
    ],
    sql` and `,
  );

/**
 * What a picture is called. Square up to 2 %, by which the program also tells shapes apart
 * (jobs/identity.ts): a crop or a scan that is a few pixels off is square to whoever looks at it.
 */
export const ORIENTATION =
  sql`case when p.width::bigint * 50 > p.height::bigint * 51 then 'landscape'
  when p.height::bigint * 50 > p.width::bigint * 51 then 'portrait' else 'square' end`;

function partsOf(filter: PhotoFilter, use: Use): SQL[] {
  const { people, folder, taken, cameras, orientation, faces, rating, formats, sessionId } = filter;
  return [
    ...(people?.all ?? []).map((id) => sql`p.id in (${photosOf([id])})`),
    ...people && people.any.length > 0 ? [sql`p.id in (${photosOf(people.any)})`] : [],
    ...people && people.none.length > 0
      ? [sql`not exists (${photosOf(people.none)} and f.photo_id = p.id)`]
      : [],
    ...folder === undefined ? [] : [oneOf(photosBelow(folder))],
    ...sessionId === undefined ? [] : [oneOf(photosOfRun(sessionId))],
    ...between(sql`p.taken_at`, { from: taken?.from ?? null, to: taken?.to ?? null }),
    ...cameras?.length ? [sql`p.camera = any(${sql.param(cameras)}::text[])`] : [],
    ...formats?.length ? [sql`p.format = any(${sql.param(formats)}::text[])`] : [],
    ...orientation ? [sql`${ORIENTATION} = ${orientation}`] : [],
    ...withFaces(faces ?? { min: null, max: null }, use.few || narrows(filter)),
    // Without a rating is without stars; −1 is one that somebody rejected.
    ...within(sql`coalesce(p.rating, 0)`, rating ?? { min: null, max: null }),
  ];
}

/** Local times of one shape: in any collation the order of text is the order of time. */
const between = (value: SQL, { from, to }: { from: string | null; to: string | null }): SQL[] => [
  ...from === null ? [] : [sql`${value} >= ${from}`],
  ...to === null ? [] : [sql`${value} < ${to}`],
];

const within = (value: SQL, { min, max }: { min: number | null; max: number | null }): SQL[] => [
  ...min === null ? [] : [sql`${value} >= ${min}::bigint`],
  ...max === null ? [] : [sql`${value} <= ${max}::bigint`],
];

/**
 * Each photo is looked up by itself, 2 µs each. Seen through, as is done without an offset, this would
 * be prepared for all photos wherever some thousands pass: 250 ms instead of 10 for a year of a library
 * of 200,000, and no quicker where all of them pass.
 */
const IS_THERE = sql`(exists (select from files f
    where f.photo_id = p.id and f.missing_at is null offset 0)
  or exists (select from photos d join files f on f.photo_id = d.id
    where d.representative_id = p.id and f.missing_at is null offset 0))`;

/**
 * Selected once, as an array, and looked up by id. As a join, PostgreSQL may go through all of them again
 * for each photo, if it hopes to find the first few soon: 80 s for a page of an old run's photos.
 */
const oneOf = (ids: SQL): SQL => sql`p.id = any(array(${ids}))`;

/** Along the index faces_person. */
const photosOf = (people: number[]): SQL =>
  sql`select f.photo_id from faces f
    where f.person_id = any(${sql.param(people)}::bigint[]) and ${IS_SHOWN}`;

/**
 * Representatives of which a file, or one of a duplicate, is there in the folder or below it. Paths
 * are ordered by bytes, so a folder is one range of the index: "0" is the byte behind "/".
 */
function photosBelow(folder: string): SQL {
  const path = folder.replace(/\/+$/, "");
  return sql`select coalesce(d.representative_id, d.id)
    from files f join photos d on d.id = f.photo_id
    where f.path >= ${path + "/"} and f.path < ${path + "0"} and f.missing_at is null`;
}

/**
 * Representatives of what a run read or looked for faces in, their duplicates included. A run that
 * groups faces looks at no photo; of one that is being deleted nothing is left.
 */
const photosOfRun = (sessionId: number): SQL =>
  sql`select coalesce(d.representative_id, d.id) from (
      select f.photo_id from jobs j join files f on f.id = j.subject
        where j.session_id = ${sessionId} and j.phase = 'training'
      union all
      select j.subject from jobs j
        where j.session_id = ${sessionId} and j.phase = 'face_detection'
    ) seen join photos d on d.id = seen.photo_id
    where exists (select from sessions s where s.id = ${sessionId} and s.deleted_at is null)`;

/** So much fewer photos pass these parts that counting the faces of each is less work than of all. */
const narrows = ({ people, folder, sessionId, taken, cameras }: PhotoFilter): boolean =>
  Boolean(people && people.all.length + people.any.length > 0) || folder !== undefined ||
  sessionId !== undefined || Boolean(taken?.from && taken.to) || Boolean(cameras?.length);

/** Faces that are shown on it; a photo that nobody has looked at has none. */
function withFaces(
  { min, max }: { min: number | null; max: number | null },
  singly: boolean,
): SQL[] {
  const least = Math.max(min ?? 0, 0);
  if (least === 0 && max === null) return [];
  const shown = sql`select from faces f where f.photo_id = p.id and ${IS_SHOWN}`;
  if (least === 1 && max === null) return [sql`exists (${shown})`];
  if (least === 0 && max === 0) return [sql`not exists (${shown})`];
  if (singly) {
    const count = sql`(select count(*) from faces f where f.photo_id = p.id and ${IS_SHOWN})`;
    return within(count, { min: least, max });
  }
  const counted = (having: SQL) =>
    sql`(select f.photo_id from faces f where ${IS_SHOWN} group by f.photo_id having ${having})`;
  return least === 0
    ? [sql`p.id not in ${counted(sql`count(*) > ${max}`)}`]
    : [sql`p.id in ${counted(sql.join(within(sql`count(*)`, { min: least, max }), sql` and `))}`];
}
