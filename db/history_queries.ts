import { and, desc, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Db, Tx } from "./client.ts";
import { phases, sessions } from "./schema.ts";

// Without the chosen folders, of which there may be ten thousand.
const COLUMNS = {
  id: sessions.id,
  name: sessions.name,
  kind: sessions.kind,
  status: sessions.status,
  round: sessions.round,
  device: sessions.device,
  clipModel: sessions.clipModel,
  faceModel: sessions.faceModel,
  createdAt: sessions.createdAt,
  startedAt: sessions.startedAt,
  completedAt: sessions.completedAt,
};

export type SessionFacts = Pick<typeof sessions.$inferSelect, keyof typeof COLUMNS>;

export interface EndedSession {
  session: SessionFacts;
  phases: (typeof phases.$inferSelect)[];
}

/**
 * Sessions that have ended, the newest first, with their phases: up to `limit`, all of them older
 * than the session `before`, which need not exist any more. Two statements on an index.
 */
export async function endedSessions(
  db: Db | Tx,
  { before, limit }: { before?: number; limit: number },
): Promise<EndedSession[]> {
  const rows = await db.select(COLUMNS).from(sessions).where(and(
    inArray(sessions.status, ["completed", "failed", "cancelled"]),
    isNull(sessions.deletedAt),
    before === undefined ? undefined : lt(sessions.id, before),
  )).orderBy(desc(sessions.id)).limit(limit);
  const ids = rows.map(({ id }) => id);
  const found = await db.select().from(phases)
    .where(sql`${phases.sessionId} = any(${sql.param(ids)}::bigint[])`);
  const behind = Map.groupBy(found, (phase) => phase.sessionId);
  return rows.map((session) => ({ session, phases: behind.get(session.id) ?? [] }));
}
