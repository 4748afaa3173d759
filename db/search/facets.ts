import { type SQL, sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import { IS_SHOWN } from "../shown_faces.ts";
import { ORIENTATION } from "./filter_select.ts";
import type { Facets, FacetValue } from "./types.ts";

/** Values of each kind. */
const SHOWN = 12;

/** Counting so many takes some 200 ms; of more, those found first stand for the rest. */
const COUNTED = 20_000;

/** This many faces and more are one value. */
const MANY_FACES = 3;

/**
 * How many of the photos that `among` selects (one column, ids) are what: each value as the filter takes
 * it, and the number that adding it to the filter leaves. Counts at most 20,000 of them, and tells
 * whether there are more, in one statement. Strangers, and people without a name, are not listed. Folders are those in which the
 * photos' common folder branches, so that each choice leads one step down.
 */
export async function countFacets(
  db: Db,
  among: SQL,
  { atMost = COUNTED }: { atMost?: number } = {},
): Promise<Facets> {
  const rows = await db.execute<{ kind: string; value: string; label: string; photos: number }>(sql`
    with looked as materialized (
      select among.id from (${among}) among (id) limit ${atMost + 1}
    ), counted as materialized (
      select p.* from photos p where p.id in (select id from looked limit ${atMost})
    ), seen as materialized (
      select f.photo_id, f.person_id from faces f
      where f.photo_id in (select id from counted) and ${IS_SHOWN}
    ), numbers as (
      select least(count(s.photo_id), ${MANY_FACES}) as faces
      from counted c left join seen s on s.photo_id = c.id group by c.id
    ), ${FOLDERS}, found (kind, value, label, photos) as (
      select 'people', person.id::text, person.name, count(distinct s.photo_id)
        from seen s join people person on person.id = s.person_id
        where person.name is not null and not person.hidden group by person.id
      union all select 'years', left(p.taken_at, 4), null, count(*)
        from counted p where p.taken_at is not null group by 2
      union all select 'cameras', p.camera, null, count(*)
        from counted p where p.camera is not null group by 2
      union all select 'formats', p.format, null, count(*) from counted p group by 2
      union all select 'orientations', ${ORIENTATION}, null, count(*) from counted p group by 2
      union all select 'ratings', coalesce(p.rating, 0)::text, null, count(*) from counted p group by 2
      union all select 'faces', faces || case when faces = ${MANY_FACES} then '+' else '' end, null,
        count(*) from numbers group by 2
      union all select 'folders', folder, null, count(distinct id) from branches group by 2
      union all select 'counted', '', null, count(*) from counted
      union all select 'looked', '', null, count(*) from looked
    ), ranked as (
      select *, row_number() over (partition by kind order by photos desc, value collate "C") as place
      from found
    )
    select kind, value, label, photos::int from ranked where place <= ${SHOWN} order by kind, place`);
  const of = (kind: string): FacetValue[] =>
    rows.filter((row) => row.kind === kind).map(({ value, label, photos }) => ({
      value,
      label: label ?? labelOf(kind, value),
      photos,
    }));
  const [counted, looked] = ["counted", "looked"].map((wanted) =>
    rows.find(({ kind }) => kind === wanted)!.photos
  );
  return {
    people: of("people"),
    years: of("years"),
    cameras: of("cameras"),
    formats: of("formats"),
    orientations: of("orientations"),
    ratings: of("ratings"),
    faces: of("faces"),
    folders: of("folders"),
    counted,
    more: looked > atMost,
  };
}

/**
 * The folder in which a file of each photo, or of a duplicate, lies, one level below what all of their
 * paths have in common. What first and last path share by bytes, all between share. Files are looked
 * up photo by photo: joined, those of the whole library are read (25 of 38 ms at 100,000, for 1500 photos).
 */
const FOLDERS = sql`held as materialized (
    select c.id, string_to_array(f.path, '/') as parts, f.path
      from counted c cross join lateral (select path from files
        where photo_id = c.id and missing_at is null offset 0) f
    union all select c.id, string_to_array(f.path, '/'), f.path
      from counted c join photos d on d.representative_id = c.id join files f on f.photo_id = d.id
      where f.missing_at is null
  ), branch as (
    select min(n) as level from (
      select string_to_array(min(path), '/') as first, string_to_array(max(path), '/') as last
      from held) ends, generate_series(1, greatest(cardinality(first), cardinality(last))) n
    where first[n] is distinct from last[n]
  ), branches as (
    select held.id, array_to_string(parts[1:level], '/') as folder
    from held, branch where cardinality(parts) > level
  )`;

/** For a person. */
function labelOf(kind: string, value: string): string {
  if (kind === "ratings") {
    if (value === "-1") return "rejected";
    return value === "0" ? "no stars" : value === "1" ? "1 star" : `${value} stars`;
  }
  if (kind === "faces") {
    if (value === "0") return "no faces";
    return value === "1" ? "1 face" : `${value.replace("+", " or more")} faces`;
  }
  return value;
}
