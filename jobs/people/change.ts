import type { Db, Tx } from "../../db/client.ts";
import { transact } from "../../db/transact.ts";
import { lockClusters, mendClusters } from "../store_clusters.ts";
import { beginChange, endChange, type Heading } from "./journal.ts";
import { rescore } from "./rescore.ts";
import { dropEmptyPeople, existing, touchedBy } from "./touched.ts";

export { pruneChanges } from "./journal.ts";
export { undoChange } from "./undo.ts";

/** What an action came to. */
export interface Change {
  /** For undoing it; null: it was so already, as after a double click. */
  changeId: number | null;
  message: string;
  /** How many faces it was about. */
  faces: number;
  /** Whose they are now, if anybody's. */
  personId: number | null;
  /** In which cluster they are now, if in one. */
  clusterId: number | null;
}

/** What the work of a change tells of it; `message` is for figures that are known afterwards. */
export interface Deed {
  faces: number;
  personId?: number | null;
  clusterId?: number | null;
  message?: string;
}

/**
 * Does `work` in a transaction of its own, behind the lock of the clusters, and writes down what it
 * changed, to be undone. In the same transaction sizes and covers of clusters are made true, unnamed
 * people without a face go, and what the touched people's faces decide is decided. If `work` left
 * everything as it was, there is no change: changeId is null. What `work` throws undoes it all; it
 * may be run again, after a deadlock.
 */
export function makeChange(
  db: Db,
  heading: Heading,
  work: (tx: Tx, change: { id: number }) => Promise<Deed>,
): Promise<Change> {
  return transact(db, async (tx) => {
    await lockClusters(tx);
    const id = await beginChange(tx, heading);
    const { message, ...deed } = await work(tx, { id });
    const touched = await touchedBy(tx, id);
    await mendClusters(tx, touched.clusters);
    await dropEmptyPeople(tx, touched.people);
    const there = await existing(tx, touched.people);
    if (there.length > 0) await rescore(tx, there);
    const changed = await endChange(tx, id, message);
    return {
      changeId: changed ? id : null,
      message: changed ? message ?? heading.message ?? "" : "It was so already",
      faces: deed.faces,
      personId: deed.personId ?? null,
      clusterId: deed.clusterId ?? null,
    };
  });
}
