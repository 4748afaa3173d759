import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type PhotoFilter, SearchFault } from "./types.ts";

/** Behind which photo a page begins: by score, or by when it was taken where nothing was compared. */
export interface Places {
  score: { score: number; id: number };
  time: { takenAt: string | null; id: number };
}

/** A few bytes that tell one query from another: everything that decides which photos come in which order. */
export function queryMark(query: unknown): string {
  return createHash("sha256").update(JSON.stringify(query, sorted)).digest("base64url").slice(
    0,
    12,
  );
}

// An object's keys in one order, however it was put together.
const sorted = (_key: string, value: unknown) =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
    : value;

type Span = NonNullable<PhotoFilter["taken"]>;

/**
 * The cursor of the page that begins behind `place`, in the results of the query with this mark. `taken`
 * is what words that mean something else tomorrow meant on the first page.
 */
export function writeCursor(
  mark: string,
  place: Places[keyof Places],
  { taken }: { taken?: Span } = {},
): string {
  const parts = "score" in place
    ? [mark, "score", place.score, place.id]
    : [mark, "time", place.takenAt, place.id];
  if (taken) parts.push(taken.from, taken.to);
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** The `taken` that was written down in a cursor, whatever query it is of; null if there is none. */
export function readSpan(cursor: string): Span | null {
  const [from, to] = parse(cursor).slice(4);
  const known = [from, to].every((at) => at === null || isLocalTime(at));
  return known ? { from, to } as Span : null;
}

const isLocalTime = (value: unknown) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value);

/**
 * The place of this kind that `writeCursor` wrote down. Throws a SearchFault for a cursor of another
 * query, and for what is no cursor.
 */
export function readCursor<Kind extends keyof Places>(
  cursor: string,
  { mark, kind }: { mark: string; kind: Kind },
): Places[Kind] {
  const [of, found, value, id] = parse(cursor);
  const known = of === mark && found === kind && Number.isSafeInteger(id) &&
    (kind === "score" ? Number.isFinite(value) : value === null || isTime(value));
  if (!known) {
    throw new SearchFault(
      "foreign_cursor",
      "This page belongs to another search, or to models that no longer answer: " +
        "begin at the first page",
    );
  }
  const place = kind === "score" ? { score: value, id } : { takenAt: value, id };
  return place as Places[Kind];
}

// It becomes part of a comparison in the database, which takes no NUL.
const isTime = (value: unknown) => typeof value === "string" && /^[\x20-\x7e]{1,40}$/.test(value);

function parse(cursor: string): unknown[] {
  try {
    const parts = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(parts) ? parts : [];
  } catch {
    // Not one of ours, which is all there is to say.
    return [];
  }
}
