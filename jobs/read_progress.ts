import { and, eq, isNull, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { phases, sessions } from "../db/schema.ts";
import { type ProgressInput, type UnifiedProgress, unifiedProgress } from "./progress.ts";
import { LEASE_SECONDS } from "./queue/leases.ts";

/**
 * The unified progress of a session, from two statements on a few rows, whatever the library
 * holds; null if there is no such session.
 */
export async function readProgress(db: Db, id: number): Promise<UnifiedProgress | null> {
  const input = await readProgressInput(db, id);
  return input && unifiedProgress(input);
}

async function readProgressInput(db: Db, id: number): Promise<ProgressInput | null> {
  const [rows, [worker]] = await Promise.all([
    // One statement, so one snapshot: a round never meets the rows of another.
    db.select({
      session: {
        id: sessions.id,
        round: sessions.round,
        weights: sessions.weights,
        error: sessions.error,
        hold: sessions.hold,
        holdMessage: sessions.holdMessage,
      },
      phase: phases,
    }).from(sessions).innerJoin(phases, eq(phases.sessionId, sessions.id))
      .where(and(eq(sessions.id, id), isNull(sessions.deletedAt))),
    db.execute<{ now: string; seen: string | null; alive: boolean; device: string }>(sql`
      select clock_timestamp() as now, w.beat_at as seen, w.device,
        coalesce(w.beat_at > now() - ${`${LEASE_SECONDS} seconds`}::interval, false) as alive
      from (select 1) one left join lateral
        (select beat_at, device from workers order by beat_at desc limit 1) w on true`),
  ]);
  if (rows.length === 0) return null;
  const { hold, holdMessage, ...session } = rows[0].session;
  return {
    session: {
      ...session,
      hold: hold === null ? null : { reason: hold, message: holdMessage ?? "" },
    },
    phases: rows.map((row) => row.phase),
    worker: worker.seen === null
      ? null
      : { lastSeenAt: new Date(worker.seen), alive: worker.alive, device: worker.device },
    now: new Date(worker.now),
  };
}
