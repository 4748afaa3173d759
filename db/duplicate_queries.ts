import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { type CopyGroup, loadGroups, there } from "./copy_groups.ts";
import { walkPhotos } from "./copy_walk.ts";
import type { Likeness } from "./likeness.ts";

/** Which groups. */
export interface DuplicatesFilter {
  /**
   * `exact`: each group is one content that several files hold. `reencode`, `near`: pictures that look
   * the same, at least one of them of that kind. None: all, each picture in one group.
   */
  kind?: Likeness;
  /** A file of the group lies in this folder or below it. */
  folder?: string;
}

export interface DuplicatePage {
  groups: CopyGroup[];
  /** Pass it back as `after`; null: there are no more. A page may be short and still have a next one. */
  next: number | null;
}

export interface DuplicateTotal {
  groups: number;
  photos: number;
  files: number;
  spareBytes: number;
  /** Counting stopped: there may be more. */
  atLeast: boolean;
}

/**
 * Candidates read at a time: few for the first page, more at once for who reads on, and most where a
 * look at their paths alone rules most of them out.
 */
const PORTION = { first: 60, more: 500, inFolder: 2000 };
/** Rows of an index looked through for those: 6 ms where none of 50,000 files is a copy. */
const WINDOW = { files: 50_000, photos: 5_000 };

/** What a page and a total may take when they find little, whatever the size of the library. */
const PAGE_MS = 250;
const TOTAL_MS = 500;

/**
 * Groups of files and photos that are the same picture, by the id of the photo they are found under,
 * behind `after`. It ends when it has `limit` of them, or has looked for a quarter of a second.
 */
export async function listDuplicates(
  db: Db,
  { after, limit, lookMs = PAGE_MS, ...filter }: DuplicatesFilter & {
    after: number;
    limit: number;
    lookMs?: number;
  },
): Promise<DuplicatePage> {
  const end = performance.now() + lookMs;
  const groups: CopyGroup[] = [];
  for await (const part of walkDuplicates(db, { ...filter, after })) {
    groups.push(...part.groups);
    if (groups.length > limit) {
      return { groups: groups.slice(0, limit), next: groups[limit - 1].id };
    }
    if (part.upTo === null) return { groups, next: null };
    if (groups.length === limit || performance.now() >= end) return { groups, next: part.upTo };
  }
  return { groups, next: null };
}

/** How much there is of it, counted for half a second at most; of large groups what is listed of them. */
export async function countDuplicates(
  db: Db,
  { lookMs = TOTAL_MS, ...filter }: DuplicatesFilter & { lookMs?: number },
): Promise<DuplicateTotal> {
  const end = performance.now() + lookMs;
  const total = { groups: 0, photos: 0, files: 0, spareBytes: 0, atLeast: false };
  for await (const { groups, upTo } of walkDuplicates(db, { ...filter, after: 0 })) {
    total.groups += groups.length;
    for (const { photos, morePhotos, spareBytes } of groups) {
      const present = photos.filter((photo) => there(photo).length > 0);
      total.photos += present.length;
      total.files += present.reduce((sum, photo) => sum + there(photo).length, 0);
      total.spareBytes += spareBytes;
      total.atLeast ||= morePhotos || photos.some(({ moreFiles }) => moreFiles);
    }
    if (upTo !== null && performance.now() >= end) return { ...total, atLeast: true };
  }
  return total;
}

/**
 * All groups behind `after`, some hundred candidates at a time, as they are when they are read, and of
 * each as much as is listed; `upTo`: as far as has been looked, null at the end. Each part takes a bounded
 * look along two indexes, and one through those large groups of which nothing listed is wanted.
 */
export async function* walkDuplicates(
  db: Db,
  { after, ...filter }: DuplicatesFilter & { after: number },
): AsyncGenerator<{ groups: CopyGroup[]; upTo: number | null }> {
  const alone = filter.kind === "exact";
  const prefix = filter.folder === undefined ? "" : below(filter.folder);
  let portion = prefix === "" ? PORTION.first : PORTION.inFolder;
  for (let at: number | null = after; at !== null;) {
    const { ids, upTo }: Found = await candidates(db, filter.kind, { after: at, portion });
    const wanted = prefix === "" ? ids : await inFolder(db, ids, { prefix, alone });
    const groups = await loadGroups(db, wanted, { alone, prefix });
    const admitted: CopyGroup[] = [];
    for (const group of groups) {
      const known = await admit(db, group, { kind: filter.kind, prefix });
      if (known) admitted.push(known);
    }
    yield { groups: admitted, upTo };
    at = upTo;
    portion = Math.max(portion, PORTION.more);
  }
}

/** What paths in a folder begin with. */
const below = (folder: string): string => folder.endsWith("/") ? folder : `${folder}/`;

/** The group, unless it is not of the kind; what makes a large one so is listed too, wherever it stands. */
async function admit(
  db: Db,
  group: CopyGroup,
  { kind, prefix }: { kind: Likeness | undefined; prefix: string },
): Promise<CopyGroup | null> {
  if (belongs(group, kind)) return group;
  const pinned = group.morePhotos ? await lookFurther(db, group.id, kind) : null;
  if (pinned === null) return null;
  const [again] = await loadGroups(db, [group.id], { pinned, prefix });
  return again ?? null;
}

const isOf = (kind: Likeness | undefined, photo: { likeness: Likeness }): boolean =>
  kind === undefined || kind === "exact" || photo.likeness === kind;

/** Files that are gone are no copies; a group has at least two that are there. */
function belongs({ photos }: CopyGroup, kind: Likeness | undefined): boolean {
  const present = photos.filter((photo) => there(photo).length > 0);
  const files = present.reduce((sum, photo) => sum + there(photo).length, 0);
  return files >= 2 && present.some((photo) => isOf(kind, photo));
}

/** Photos that make a group what it has to be, looked for in all of it; null: there are none. */
async function lookFurther(
  db: Db,
  head: number,
  kind: Likeness | undefined,
): Promise<number[] | null> {
  let files = 0;
  let found: number | undefined;
  for await (const photos of walkPhotos(db, head)) {
    for (const photo of photos.filter(({ held }) => held > 0)) {
      files += photo.held;
      if (isOf(kind, photo)) found ??= photo.id;
      if (files >= 2 && found !== undefined) return [found, photo.id];
    }
  }
  return null;
}

/** Those of the candidates of which a file, own or of a duplicate, is there and begins with `prefix`. */
async function inFolder(
  db: Db,
  ids: number[],
  { prefix, alone }: { prefix: string; alone: boolean },
): Promise<number[]> {
  const within = (photoId: SQL) =>
    sql`exists (select from files f where f.photo_id = ${photoId}
    and f.missing_at is null and starts_with(f.path, ${prefix}))`;
  const rows = await db.execute<{ id: string }>(sql`
    select wanted.id from unnest(${sql.param(ids)}::bigint[]) as wanted (id)
    where ${within(sql`wanted.id`)} or not ${alone} and exists (
      select from photos p where p.representative_id = wanted.id and ${within(sql`p.id`)})
    order by wanted.id`);
  return rows.map(({ id }) => Number(id));
}

/** Ids in order; `upTo`: no other is below or at it, null: no other at all. */
interface Found {
  ids: number[];
  upTo: number | null;
}

interface From {
  after: number;
  portion: number;
}

async function candidates(db: Db, kind: Likeness | undefined, from: From): Promise<Found> {
  const sources = await Promise.all([
    kind === "reencode" || kind === "near" ? NONE : copied(db, from, kind === "exact"),
    kind === "exact" ? NONE : represented(db, from),
  ]);
  const ends = sources.flatMap(({ upTo }) => upTo ?? []);
  const upTo = ends.length === 0 ? null : Math.min(...ends);
  const ids = new Set(
    sources.flatMap(({ ids }) => ids).filter((id) => upTo === null || id <= upTo),
  );
  return { ids: [...ids].sort((a, b) => a - b), upTo };
}

const NONE: Found = { ids: [], upTo: null };

/** Photos that several files hold: the second row of each in the order of the index. */
async function copied(db: Db, { after, portion }: From, alone: boolean): Promise<Found> {
  // A duplicate's copies are found with its representative, unless it is about itself alone.
  const itself = alone
    ? sql`true`
    : sql`(select p.representative_id from photos p where p.id = seen.photo_id) is null`;
  const rows = await db.execute<{ id: string }>(sql`
    select seen.photo_id as id from (
      select photo_id, row_number() over (partition by photo_id order by photo_id) as nth
      from (select photo_id from files where photo_id > ${after}
        order by photo_id limit ${WINDOW.files}) part) seen
    where seen.nth = 2 and ${itself} order by seen.photo_id limit ${portion}`);
  const ids = rows.map(({ id }) => Number(id));
  if (ids.length === portion) return { ids, upTo: ids[portion - 1] };
  const last = await endOfWindow(db, after);
  // The files of the last photo may go on behind the window; found already, they need not be.
  return {
    ids,
    upTo: last === null || last === after + 1 || ids.at(-1) === last ? last : last - 1,
  };
}

async function endOfWindow(db: Db, after: number): Promise<number | null> {
  const [end] = await db.execute<{ id: string }>(sql`
    select photo_id as id from files where photo_id > ${after}
    order by photo_id offset ${WINDOW.files - 1} limit 1`);
  return end ? Number(end.id) : null;
}

/** Photos that represent others. */
async function represented(db: Db, { after, portion }: From): Promise<Found> {
  const rows = await db.execute<{ id: string }>(sql`
    select distinct id from (select representative_id as id from photos
      where representative_id > ${after} order by representative_id limit ${WINDOW.photos}) part
    order by id limit ${portion}`);
  const ids = rows.map(({ id }) => Number(id));
  return { ids, upTo: ids.at(-1) ?? null };
}
