import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { findPeople, type PersonRow, toId } from "./person_rows.ts";
import type { ProposalKind } from "./schema.ts";
import { SHOWN_FACES } from "./serving_queries.ts";
import { IS_SHOWN } from "./shown_faces.ts";

/** What a grouping would change about somebody, waiting for a yes or no. */
export interface ProposalRow {
  id: number;
  /** joined: these faces are theirs; split: they are not; moved: they are `toPerson`'s. */
  kind: ProposalKind;
  person: PersonRow;
  toPerson: PersonRow | null;
  /** The first 24 of those that are still there. */
  faceIds: number[];
  /** How many it is about. */
  faces: number;
  /** Mean cosine of the faces to the nearest prototypes of whom they are to go to, or to leave. */
  similarity: number;
  createdAt: Date;
}

const FACES_EACH = 24;

const IS_OPEN = sql`pr.answer is null and pr.model = ${SHOWN_FACES}`;

/** Open proposals about the faces that are shown, the oldest first. Three statements. */
export async function listProposals(
  db: Db,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ proposals: ProposalRow[]; total: number }> {
  const [rows, [{ total }]] = await Promise.all([
    db.execute(sql`
      select pr.id, pr.kind, pr.person_id, pr.to_person_id, pr.similarity,
        extract(epoch from pr.created_at) * 1000 as made, cardinality(pr.face_ids) as faces,
        array(select f.id from unnest(pr.face_ids) with ordinality as named (id, place)
          join faces f on f.id = named.id and not f.not_a_face
          order by named.place limit ${FACES_EACH}) as face_ids
      from proposals pr where ${IS_OPEN} order by pr.id limit ${limit} offset ${offset}`),
    db.execute(sql`select count(*)::int as total from proposals pr where ${IS_OPEN}`),
  ]);
  const people = await findPeople(
    db,
    rows.flatMap((row) => [toId(row.person_id), toId(row.to_person_id)]).filter((id) =>
      id !== null
    ),
  );
  return {
    // One about somebody deleted between the statements went with them.
    proposals: rows.flatMap((row) => {
      const person = people.get(Number(row.person_id));
      if (!person) return [];
      return [{
        id: Number(row.id),
        kind: row.kind as ProposalKind,
        person,
        toPerson: people.get(Number(row.to_person_id)) ?? null,
        faceIds: (row.face_ids as unknown[]).map(Number),
        faces: row.faces as number,
        similarity: row.similarity as number,
        createdAt: new Date(Number(row.made)),
      }];
    }),
    total: total as number,
  };
}

/** Whose the faces of a cluster likely are. */
export interface Likely {
  id: number;
  name: string | null;
  /** Mean cosine to their nearest prototypes. */
  similarity: number;
  /** The open proposal that says so; null: suggestions of the faces do. */
  proposalId: number | null;
}

/** Proposals that are looked through for the clusters of a page, the newest. */
const CONSIDERED = 500;

/** Of each of the clusters, the open proposal to join somebody that is mostly about its faces. */
export async function proposalsByCluster(
  db: Db,
  clusterIds: number[],
): Promise<Map<number, Likely>> {
  if (clusterIds.length === 0) return new Map();
  const rows = await db.execute(sql`
    with members as materialized (${membersOf(clusterIds)})
    select distinct on (f.cluster_id) f.cluster_id, pr.id as proposal_id, p.id, p.name,
      pr.similarity
    from (select * from proposals pr where ${IS_OPEN} and pr.kind = 'joined'
      order by pr.id desc limit ${CONSIDERED}) pr
    join people p on p.id = pr.person_id
    cross join lateral unnest(pr.face_ids) as named (id)
    join members f on f.id = named.id
    group by f.cluster_id, pr.id, p.id, p.name, pr.similarity, pr.face_ids
    having count(*) * 2 > cardinality(pr.face_ids)
    order by f.cluster_id, count(*) desc, pr.id`);
  return new Map(rows.map((row) => [Number(row.cluster_id), toLikely(row)]));
}

/**
 * Of each of the clusters, the person most of its suggestions name, if they are about a quarter of
 * its faces or more: one face that looks like somebody says little about a hundred others.
 */
export async function suggestionsByCluster(
  db: Db,
  clusterIds: number[],
): Promise<Map<number, Likely>> {
  if (clusterIds.length === 0) return new Map();
  const rows = await db.execute(sql`
    with members as materialized (${membersOf(clusterIds)})
    select distinct on (f.cluster_id) f.cluster_id, null as proposal_id, p.id, p.name,
      avg(s.similarity) as similarity
    from members f
    join clusters c on c.id = f.cluster_id
    join suggestions s on s.face_id = f.id
    join people p on p.id = s.person_id and not p.hidden
    group by f.cluster_id, c.size, p.id, p.name
    having count(*) * 4 >= c.size
    order by f.cluster_id, count(*) desc, avg(s.similarity) desc, p.id`);
  return new Map(rows.map((row) => [Number(row.cluster_id), toLikely(row)]));
}

/** The faces of a cluster that are suggested to be somebody, at most `limit`, the likeliest first. */
export async function suggestedOf(
  db: Db,
  { clusterId, personId, limit }: { clusterId: number; personId: number; limit: number },
): Promise<number[]> {
  const rows = await db.execute(sql`
    select f.id from (${membersOf([clusterId])}) f join suggestions s on s.face_id = f.id
    where s.person_id = ${personId} order by s.similarity desc, f.id limit ${limit}`);
  return rows.map((row) => Number(row.id));
}

/**
 * How many questions are open: suggestions and proposals about the faces that are shown. It counts
 * to `most` and no further, since it is asked with every page; offset 0 keeps the look at each face
 * a look along the index, where the planner would read all faces for it.
 */
export async function countQuestions(db: Db, most: number): Promise<number> {
  const [{ count }] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from (
      (select 1 from proposals pr where ${IS_OPEN} limit ${most})
      union all
      (select 1 from suggestions s join people p on p.id = s.person_id
        cross join lateral (
          select from faces f where f.id = s.face_id and ${IS_ASKED} offset 0) asked
        limit ${most})
      limit ${most}) open`);
  return count;
}

/** Condition on `suggestions s` with its face `f` and person `p`: nobody asks about a stranger. */
export const IS_ASKED = sql`f.person_id is null and not p.hidden and ${IS_SHOWN}`;

const membersOf = (clusterIds: number[]) =>
  sql`select f.id, f.cluster_id from faces f
    where f.cluster_id = any(${sql.param(clusterIds)}::bigint[]) and not f.not_a_face`;

const toLikely = (row: Record<string, unknown>): Likely => ({
  id: Number(row.id),
  name: row.name as string | null,
  similarity: Number(row.similarity),
  proposalId: toId(row.proposal_id),
});
