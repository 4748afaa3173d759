import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import type { ClusteringDifference } from "../../db/schema.ts";
import { differenceInWords } from "./difference_in_words.ts";

/** What is kept of a grouping in the library's list of them. */
export interface GroupingNotes extends ClusteringDifference {
  /** Faces that its session found and that have come to nobody. */
  unassigned: number;
}

/**
 * Faces that a session found in photos and that have come to nobody: no person, no suggestion, no
 * cluster. Looks at the photos of the session: for a worker, not for a page.
 */
export async function countUnassigned(
  tx: Tx,
  { sessionId, model }: { sessionId: number; model: string },
): Promise<number> {
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    select count(*)::int as count
    from face_scans s join faces f on f.photo_id = s.photo_id and f.model = s.model
    where s.session_id = ${sessionId} and s.model = ${model} and not f.not_a_face
      and f.person_id is null and f.cluster_id is null
      and not exists (select from suggestions g where g.face_id = f.id)`);
  return count;
}

/** What the last grouping of a session came to, for its page. */
export interface SessionGrouping {
  /** Faces that the session found and that had come to nobody when the grouping was stored. */
  unassigned: number;
  /** What it changed, in words. */
  difference: string;
}

/** Null before a session's grouping is stored, or where a later one was stored already. */
export async function readSessionGrouping(
  db: Db | Tx,
  sessionId: number,
): Promise<SessionGrouping | null> {
  const [row] = await db.execute<{ notes: GroupingNotes | null }>(sql`
    select difference as notes from clusterings
    where session_id = ${sessionId} order by id desc limit 1`);
  if (!row?.notes) return null;
  return { unassigned: row.notes.unassigned, difference: differenceInWords(row.notes) };
}
