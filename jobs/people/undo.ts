import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { transact } from "../../db/transact.ts";
import { announce } from "../session_state.ts";
import { lockClusters, mendClusters } from "../store_clusters.ts";
import type { Change } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { GROUPED, type PastChange, toPastChange } from "./last_change.ts";
import { learnPeople } from "./learn.ts";
import { dropEmptyPeople, existing, touchedBy } from "./touched.ts";
import { refuseIfChangedSince } from "./undo_conflicts.ts";
import {
  dropGuesses,
  removeMade,
  restoreFaces,
  restoreGone,
  restoreNoes,
  restorePeople,
  restoreQuestions,
} from "./undo_rows.ts";

/**
 * Takes a change back, by default the last one of a person that holds: what it made goes, what it
 * deleted is there again, what it changed is as before. What the program did since is no obstacle: faces that
 * were deleted are left out, clusters that are gone are made again, and what the program had given
 * to somebody who goes is nobody's. The undoing cannot be undone. Undoing twice is so already
 * (changeId null). Throws PeopleFault: missing if there is no such change, conflict, with nothing
 * changed, if somebody has since changed the same things; it names the change to be undone first.
 */
export function undoChange(
  db: Db,
  { changeId }: { changeId?: number },
  by: string,
): Promise<Change> {
  return transact(db, async (tx) => {
    await lockClusters(tx);
    const change = await holdChange(tx, changeId);
    const { id, message } = change;
    const nobody = { personId: null, clusterId: null };
    if (change.undone) {
      return { changeId: null, message: `It was undone already: ${message}`, faces: 0, ...nobody };
    }
    await refuseIfChangedSince(tx, change);
    const touched = await touchedBy(tx, id);
    await restoreGone(tx, id);
    const { count: faces, clusters } = await restoreFaces(tx, id);
    await restoreNoes(tx, id);
    await restoreQuestions(tx, id);
    await restorePeople(tx, id);
    await removeMade(tx, id);
    await dropGuesses(tx, id);
    await mendClusters(tx, [...touched.clusters, ...clusters]);
    await dropEmptyPeople(tx, touched.people);
    await learn(tx, touched.people);
    await tx.execute(sql`
      update changes set undone_at = now(), undone_by = ${by} where id = ${id}`);
    return { changeId: id, message: `Undone: ${message}`, faces, ...nobody };
  });
}

async function holdChange(tx: Tx, id?: number): Promise<PastChange & { undone: boolean }> {
  const [row] = await tx.execute(sql`
    select id, by, kind, message, undone_at is not null as undone from changes
    where ${id === undefined ? sql`undone_at is null and kind <> ${GROUPED}` : sql`id = ${id}`}
    order by id desc limit 1 for update`);
  if (row) return { ...toPastChange(row), undone: row.undone as boolean };
  throw id === undefined
    ? new PeopleFault("missing", "nothing_to_undo", "There is nothing to undo")
    : new PeopleFault(
      "missing",
      "change_not_found",
      `Change ${id} cannot be undone: it never was, or is too long ago`,
    );
}

// Suggestions are as they were; who else somebody is, a worker looks through again.
async function learn(tx: Tx, touched: number[]): Promise<void> {
  const people = await existing(tx, touched);
  if (people.length === 0) return;
  const lookalikes = await learnPeople(tx, people);
  await tx.execute(sql`
    update people set stale = true where not stale
      and id = any(${sql.param([...people, ...lookalikes])}::bigint[])`);
  await announce(tx);
}
