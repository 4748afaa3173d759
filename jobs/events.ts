import type { Db, Tx } from "../db/client.ts";
import { type EventKind, events, type PhaseName } from "../db/schema.ts";

/**
 * Writes down what happened, in the transaction that makes it so. Without a session it is about a
 * worker; `by` is who did it, the program itself unless somebody is named.
 */
export async function recordEvent(
  db: Db | Tx,
  event: {
    sessionId?: number;
    kind: EventKind;
    phase?: PhaseName;
    by?: string;
    message?: string;
  },
): Promise<void> {
  await db.insert(events).values(event);
}
