import { code, type Db, type Tx } from "./client.ts";

const DEADLOCK = "40P01";
const TRIES = 5;

/**
 * A transaction that is run again if it was the victim of a deadlock: somebody pauses a session in
 * the instant in which a worker finishes a batch of it, and each waits for what the other has.
 * PostgreSQL ends one of the two, of which nothing is left, so `work` must be repeatable. Not for
 * use inside a transaction.
 */
export async function transact<Result>(
  db: Db,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1;; attempt++) {
    try {
      return await db.transaction(work);
    } catch (error) {
      if (code(error) !== DEADLOCK || attempt === TRIES) throw error;
    }
  }
}
