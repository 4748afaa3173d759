import { and, desc, eq, isNull, lt, type SQL } from "drizzle-orm";
import type { Db } from "./client.ts";
import { changes } from "./schema.ts";

/** Something that somebody, or a grouping, did to people and their faces. */
export interface ChangeRow {
  id: number;
  at: Date;
  by: string;
  /** For programs: assigned, merged, split, … */
  kind: string;
  /** For people, in the past tense. */
  message: string;
  /** Null: it holds. */
  undoneAt: Date | null;
}

/** The last `limit` changes, the newest first; all of them older than `before`, if that is given. */
export function lastChanges(
  db: Db,
  limit: number,
  { before }: { before?: number } = {},
): Promise<ChangeRow[]> {
  return newest(db, before === undefined ? undefined : lt(changes.id, before), limit);
}

/** One change, or null. */
export async function findChange(db: Db, id: number): Promise<ChangeRow | null> {
  return (await newest(db, eq(changes.id, id), 1))[0] ?? null;
}

/** The last change somebody made that still holds, however long ago; null if none does. */
export async function lastChangeBy(db: Db, by: string): Promise<ChangeRow | null> {
  return (await newest(db, and(eq(changes.by, by), isNull(changes.undoneAt)), 1))[0] ?? null;
}

function newest(db: Db, which: SQL | undefined, limit: number): Promise<ChangeRow[]> {
  const { id, at, by, kind, message, undoneAt } = changes;
  return db.select({ id, at, by, kind, message, undoneAt }).from(changes).where(which)
    .orderBy(desc(id)).limit(limit);
}
