import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { type Noes, withoutRejoined } from "./grouping_constraints.ts";
import type { FaceStates } from "./propose.ts";

/** The faces of a grouping as they are when it is stored, face by face. */
export interface PresentFaces extends FaceStates {
  /** The cluster it is in, by id; 0: none. */
  clusters: Float64Array;
  /** Faces of the model that are in a cluster and did not take part, by id. */
  outside: { id: number; cluster: number }[];
}

interface StateRow extends Record<string, unknown> {
  id: string;
  person: string | null;
  confirmed: boolean;
  cluster: string | null;
}

/** Faces that one statement reads: a hundred thousand at once hold the thread for 30 ms. */
const AT_ONCE = 2000;

/**
 * What became of faces since a grouping read them: somebody may have named, split or deleted some.
 * `ids` are in rising order. To be called behind lockClusters, so that it stays true until the end
 * of the transaction.
 */
export async function readPresent(
  tx: Tx,
  { model, ids }: { model: string; ids: number[] },
): Promise<PresentFaces> {
  const present: PresentFaces = {
    people: new Float64Array(ids.length),
    confirmed: new Uint8Array(ids.length),
    gone: new Uint8Array(ids.length).fill(1),
    clusters: new Float64Array(ids.length),
    outside: [],
  };
  let at = 0, last = 0;
  for (;;) {
    const rows = await tx.execute<StateRow>(sql`
      select id, person_id as person, confirmed, cluster_id as cluster from faces
      where model = ${model} and id > ${last} and not not_a_face order by id limit ${AT_ONCE}`);
    for (const { id, person, confirmed, cluster } of rows) {
      last = Number(id);
      while (at < ids.length && ids[at] < last) at++;
      if (ids[at] !== last) {
        if (cluster !== null) present.outside.push({ id: last, cluster: Number(cluster) });
        continue;
      }
      present.gone[at] = 0;
      present.people[at] = Number(person ?? 0);
      present.confirmed[at] = confirmed ? 1 : 0;
      present.clusters[at++] = Number(cluster ?? 0);
    }
    if (rows.length < AT_ONCE) break;
  }
  return present;
}

/**
 * Labels in which no face of one side of a split is with one of the other, whatever was split while
 * the grouping ran: the other side's faces get a label of their own. A copy, or the same labels
 * where nothing is to do.
 */
export function takeApart(
  labels: Int32Array,
  { splits, ids, faces }: Pick<Noes, "splits"> & { ids: number[]; faces: FaceStates },
): Int32Array {
  if (splits.length === 0) return labels;
  let apart = labels;
  let next = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const people = faces.people.map((id, at) => faces.confirmed[at] ? id : -1);
  for (const { sides } of splits) {
    const [one, other] = withoutRejoined(sides, { ids, people });
    const here = new Set(Array.from(one, (at) => apart[at]).filter((label) => label >= 0));
    const fresh = new Map<number, number>();
    for (const at of other) {
      if (!here.has(apart[at])) continue;
      if (apart === labels) apart = labels.slice();
      if (!fresh.has(apart[at])) fresh.set(apart[at], next++);
      apart[at] = fresh.get(apart[at])!;
    }
  }
  return apart;
}
