import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import type { ItemFile } from "./item_queries.ts";
import { firstOf, type GroupLook, LOOK_COLUMNS, type LookRow, toLook } from "./copy_select.ts";
import { type Difference, differences, type Likeness, likeness, spareBytes } from "./likeness.ts";

/** A photo of a group, and the files that hold its very bytes. */
export interface CopyPhoto extends GroupLook {
  /** At most 100: those that are there, the one it was first read from before others. */
  files: ItemFile[];
  /** There are more files than are listed. */
  moreFiles: boolean;
  /** What it is to the first photo of the group; of the first itself: "exact". */
  likeness: Likeness;
  /** What is not as in the first photo. */
  differs: Difference[];
}

/** Photos that look the same, with all their files; the one that others are compared with first. */
export interface CopyGroup {
  /** The photo it is found under. */
  id: number;
  /** At most 100. */
  photos: CopyPhoto[];
  /** There are more photos than are listed. */
  morePhotos: boolean;
  /** Bytes on disk beyond one file of each picture, of what is listed. */
  spareBytes: number;
}

/** Photos of a group and files of a photo that are listed: there can be any number. */
const LISTED = 100;

/** Files of a photo that are there. */
export const there = ({ files }: Pick<CopyPhoto, "files">): ItemFile[] =>
  files.filter((file) => !file.missing);

/** What of groups is listed, and how. */
interface Listing {
  /** Only the photos of the ids themselves, with their own files. */
  alone?: boolean;
  /** Who others are compared with; else the representative, or the first that still has a file. */
  first?: number;
  /** Photos that are listed before others, however many there are. */
  pinned?: number[];
  /** Files that begin with it are listed before others. */
  prefix?: string;
}

/**
 * Photos with what shares their look, in the order of the ids, as much of it as a page shows. The first
 * of each group and its representative are always listed. One statement, whatever the number; all of a
 * group, however large: copy_walk.ts.
 */
export async function loadGroups(
  db: Db,
  ids: number[],
  { alone = false, first, pinned = [], prefix = "" }: Listing = {},
): Promise<CopyGroup[]> {
  if (ids.length === 0) return [];
  const kept = first === undefined ? pinned : [first, ...pinned];
  const rows = await db.execute<Row & Record<string, unknown>>(
    groupsSelect(ids, { alone, kept, prefix }),
  );
  const byHead = Map.groupBy(rows, ({ head }) => Number(head));
  return ids.flatMap((id) => {
    const found = byHead.get(id);
    return found ? [arrange(id, found, { first, kept })] : [];
  });
}

/**
 * One row a photo; two lookups along indexes for each id, and one for each photo. Of the others
 * a hundred: those that are to be kept, then by id.
 */
const groupsSelect = (
  ids: number[],
  { alone, kept, prefix }: { alone: boolean; kept: number[]; prefix: string },
): SQL =>
  sql`
    select wanted.id as head, first.id as first, ${LOOK_COLUMNS}, held.files
    from unnest(${sql.param(ids)}::bigint[]) as wanted (id)
    cross join lateral (select ${firstOf(sql`wanted.id`, alone)} as id) first
    cross join lateral (
      select * from (
        select * from photos own where own.id = wanted.id
        union all
        (select * from photos other where other.representative_id = wanted.id and not ${alone}
          order by other.id <> first.id and other.id <> all(${sql.param(kept)}::bigint[]), other.id
          limit ${LISTED})) parts) p
    cross join lateral (
      select coalesce(json_agg(json_build_object('id', f.id, 'path', f.path, 'size', f.size,
        'mtimeMs', f.mtime_ms, 'missing', f.missing_at is not null)
        order by f.missing_at is not null, not starts_with(f.path, ${prefix}),
          f.path <> p.first_path, f.path), '[]') as files
      from (select * from files one where one.photo_id = p.id
        order by one.missing_at is not null, not starts_with(one.path, ${prefix}),
          one.path <> p.first_path, one.path
        limit ${LISTED + 1}) f) held
    order by wanted.id, p.id`;

interface Row extends LookRow {
  head: string;
  /** The photo of the group that others are compared with, unless another is asked for. */
  first: string;
  files: ItemFile[];
}

type Found = Omit<CopyPhoto, "likeness" | "differs">;

const toPhoto = ({ head: _, first: __, ...row }: Row): Found => ({
  ...toLook(row),
  files: row.files.slice(0, LISTED),
  moreFiles: row.files.length > LISTED,
});

/** How alike photos are listed: those that are most alike first. */
const ORDER: Record<Likeness, number> = { exact: 0, reencode: 1, near: 2 };

function arrange(
  id: number,
  rows: Row[],
  { first: wanted, kept }: { first?: number; kept: number[] },
): CopyGroup {
  const found = rows.map(toPhoto);
  const first = found.find((photo) => photo.id === wanted) ??
    found.find((photo) => photo.id === Number(rows[0].first)) ?? found[0];
  const compared = found.map((photo) => ({
    ...photo,
    likeness: likeness(first, photo),
    differs: differences(first, photo),
  })).sort((a, b) => ORDER[a.likeness] - ORDER[b.likeness] || a.id - b.id);
  const always = new Set([id, first.id, ...kept]);
  const [pinned, others] = [true, false].map((is) =>
    compared.filter((photo) => always.has(photo.id) === is)
  );
  const listed = new Set([...pinned, ...others.slice(0, Math.max(0, LISTED - pinned.length))]);
  const photos = compared.filter((photo) => listed.has(photo));
  return {
    id,
    photos,
    morePhotos: photos.length < compared.length,
    spareBytes: spareBytes(photos.map((photo) => ({
      likeness: photo.likeness,
      sizes: there(photo).map((file) => file.size),
    }))),
  };
}
