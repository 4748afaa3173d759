import { type SQL, sql } from "drizzle-orm";
import type { Db, Tx } from "../client.ts";
import { filterSelect, passes } from "./filter_select.ts";
import type { PhotoFilter } from "./types.ts";

/** The photo a page ended with; the next one begins behind it. */
export interface Place {
  takenAt: string | null;
  id: number;
}

export interface Page {
  ids: number[];
  /** Null: this is the last page. */
  nextAfter: Place | null;
}

/**
 * Photos that pass the filter, newest first, then those without a date. Goes along the index
 * photos_taken, so that a page deep in the library costs what the first one does; photos that come or
 * go between two pages neither repeat nor hide others.
 */
export async function browse(
  db: Db,
  filter: PhotoFilter,
  { limit, after = null }: { limit: number; after?: Place | null },
): Promise<Page> {
  const found: Place[] = [];
  if (after === null || after.takenAt !== null) {
    const behind = after ? sql`(p.taken_at, p.id) < (${after.takenAt}, ${after.id})` : sql`true`;
    const dated = sql`p.taken_at is not null and ${behind}`;
    found.push(...await part(db, filter, { where: dated, limit: limit + 1 }));
  }
  if (found.length <= limit) {
    const behind = after?.takenAt === null ? sql`p.id < ${after.id}` : sql`true`;
    const undated = sql`p.taken_at is null and ${behind}`;
    found.push(...await part(db, filter, { where: undated, limit: limit + 1 - found.length }));
  }
  const page = found.slice(0, limit);
  return {
    ids: page.map(({ id }) => id),
    nextAfter: found.length > limit ? page.at(-1) ?? null : null,
  };
}

/** So far is counted for a total; "more than 10,000" says enough. */
const COUNTED = 10_000;

/** How many photos pass, up to `atMost`; `more` if there are still others. */
export async function countPassing(
  db: Db | Tx,
  filter: PhotoFilter,
  { atMost = COUNTED }: { atMost?: number } = {},
): Promise<{ count: number; more: boolean }> {
  const [{ count }] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count
    from (${filterSelect(filter, { few: true })} limit ${atMost + 1}) passing`);
  return { count: Math.min(count, atMost), more: count > atMost };
}

// The index has nulls last in both columns; PostgreSQL takes it for this very order only.
async function part(
  db: Db,
  filter: PhotoFilter,
  { where, limit }: { where: SQL; limit: number },
): Promise<Place[]> {
  const rows = await db.execute<{ id: string; takenAt: string | null }>(sql`
    select p.id, p.taken_at as "takenAt" from photos p
    where ${passes(filter, { few: true })} and ${where}
    order by p.taken_at desc nulls last, p.id desc nulls last limit ${limit}`);
  return rows.map(({ id, takenAt }) => ({ id: Number(id), takenAt }));
}
