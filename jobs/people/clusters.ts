import { sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";
import { distinct, missingFault } from "./held.ts";
import { KEY } from "./last_change.ts";

export interface HeldCluster {
  id: number;
  model: string;
  size: number;
}

/** Those of the clusters that are there, in the order of their ids. */
export async function findClusters(tx: Tx, ids: number[]): Promise<HeldCluster[]> {
  const rows = await tx.execute(sql`
    select id, model, size from clusters where id = any(${
    sql.param(distinct(ids, "group"))
  }::bigint[])
    order by id for update`);
  return rows.map((row) => ({
    id: Number(row.id),
    model: row.model as string,
    size: row.size as number,
  }));
}

/** Locks clusters. Throws PeopleFault (missing), with what became of one if that is known. */
export async function holdClusters(tx: Tx, ids: number[]): Promise<HeldCluster[]> {
  const found = await findClusters(tx, ids);
  const missing = ids.find((id) => !found.some((cluster) => cluster.id === id));
  if (missing !== undefined) throw await missingFault(tx, "clusters", missing, "Cluster");
  return found;
}

/** What faces of a cluster that is gone have become. */
export interface Fate {
  clusterId: number;
  person: { id: number; name: string | null; hidden: boolean } | null;
  confirmed: boolean;
  notAFace: boolean;
}

/**
 * What the faces of clusters are now that some change, which holds, has taken away: one row for each
 * kind of fate, none for a cluster of which the journal knows nothing. A second click finds by it
 * that what it wants is so already.
 */
export async function fatesOf(tx: Tx, ids: number[]): Promise<Fate[]> {
  const keys = ids.map(String);
  const rows = await tx.execute(sql`
    with gone as (
      select distinct on (${KEY}) r.change_id, ${KEY} as cluster
      from changed_rows r join changes c on c.id = r.change_id
      where r.table_name = 'clusters' and ${KEY} = any(${sql.param(keys)}::text[])
        and r.after is null and c.undone_at is null
      order by ${KEY}, r.change_id desc
    )
    select g.cluster, p.id, p.name, p.hidden, f.confirmed, f.not_a_face
    from gone g
    join changed_rows r on r.change_id = g.change_id and r.table_name = 'faces'
      and r.before ->> 'cluster_id' = g.cluster
    join faces f on f.id = (r.before ->> 'id')::bigint
    left join people p on p.id = f.person_id
    group by 1, 2, 3, 4, 5, 6`);
  return rows.map((row) => ({
    clusterId: Number(row.cluster),
    person: row.id === null ? null : {
      id: Number(row.id),
      name: row.name as string | null,
      hidden: row.hidden as boolean,
    },
    confirmed: row.confirmed as boolean,
    notAFace: row.not_a_face as boolean,
  }));
}
