import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import type { Claim } from "./claim.ts";
import { releaseClaim } from "./finish.ts";

/** The claims that this process has, or has just asked for. */
export interface HeldClaims {
  /**
   * Asks for a claim under the id that `ask` is given. Where that rejects, whoever asked holds
   * nothing, whatever the database made of it.
   */
  take(ask: (claimId: string) => Promise<Claim | null>): Promise<Claim | null>;
  /** The batch has ended: what may be left of its claim is nobody's. */
  end(claim: Claim): void;
  /**
   * Gives back what the worker has in hand by claims that it knows nothing of; returns how many items
   * that were. No attempt is consumed.
   */
  releaseStrays(db: Db, workerId: string): Promise<number>;
}

/**
 * A claim is one statement, and its answer may be lost: the database has given items away, and dies,
 * or the connection is cut, before anybody hears of it. Nobody works at them, and no lease runs out,
 * as the worker lives.
 */
export function createHeldClaims(): HeldClaims {
  const held = new Set<string>();
  return {
    async take(ask) {
      const claimId = crypto.randomUUID();
      // Before it is asked: what the database shows can only be later.
      held.add(claimId);
      const claim = await ask(claimId).catch((error) => {
        held.delete(claimId);
        throw error;
      });
      if (!claim) held.delete(claimId);
      return claim;
    },
    end: ({ claimId }) => void held.delete(claimId),
    async releaseStrays(db, workerId) {
      const rows = await db.execute<{ claim: string; items: number }>(sql`
        select claim_id as claim, count(*)::int as items from jobs
        where worker_id = ${workerId} and state = 'running' group by claim_id`);
      let released = 0;
      for (const { claim, items } of rows) {
        if (held.has(claim)) continue;
        await releaseClaim(db, claim);
        released += items;
      }
      return released;
    },
  };
}
