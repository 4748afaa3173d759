import type { Sql } from "../client.ts";
import { halvesError, halvesText } from "./halves.ts";
import type { FoundVectors } from "./library_index.ts";
import { HALF, OUTDATED, TRUSTED } from "./pgvector_copy.ts";
import { graphIsValid, graphName, halvesOf, literal } from "./pgvector_graph.ts";
import { inOrder, type Tx } from "./pgvector_order.ts";

/** So many vectors without halves are compared beside the others; with more a search waits. */
export const MOST_FRESH = 1000;

// Recall against time, as hnswlib's here; pgvector takes no more than 1,000, and goes on from there.
const LEAST_EF = 200;
const MOST_EF = 1000;
// The graph's order is that of halves: some more are taken and put in order.
const MARGIN = 32;
// The graph's walk to one that is found takes as long as looking at some fifty vectors: 2,000, as a
// page with a filter or facets asks for, come from the graph where 100,000 pass.
const ALWAYS_BY_GRAPH = 1000;
const WALK = 50;
// A filter that holds none of what is near the query has the graph walked through in vain: after so
// many vectors looking at all that pass it costs less.
const MOST_VISITED = 40_000;

/** A select of photo ids, as text and its parameters. */
export interface Among {
  sql: string;
  params: unknown[];
}

export interface Question {
  model: string;
  vector: Float32Array;
  k: number;
  among: Among | null;
  /** Vectors there are. */
  size: number;
  exactLimit: number;
  /** Also an answer out of what is copied so far. */
  partial?: boolean;
  /** So far the graph is walked through; 40,000 unless a test says otherwise. */
  mostVisited?: number;
}

/** What a search found, and whether there are changes to take in; null: too much is missing to answer. */
export type Answer = { found: FoundVectors; changed: boolean } | null;

/** Answers out of one snapshot of the database: halves to choose by, float32 to put in order. */
export function answer(sql: Sql, question: Question): Promise<Answer> {
  return sql.begin("isolation level repeatable read read only", async (tx) => {
    const sight = await look(tx, question);
    const whole = sight.loaded && sight.fresh.length <= MOST_FRESH;
    if (!whole && !question.partial) return null;
    const fresh = sight.fresh.slice(0, MOST_FRESH);
    const missing = whole ? 0 : await missingBeside(tx, { ...question, fresh });
    const sighted = { ...question, fresh, size: Math.max(0, question.size - missing) };
    const chosen = sight.graph && await byGraph(tx, sighted) || await byScan(tx, sighted);
    const { hits, unusable } = await inOrder(tx, { ...question, ids: chosen.ids });
    // What is damaged, and not copied yet.
    const candidates = chosen.candidates - unusable;
    const found = {
      ...{ hits, candidates, missing },
      // It was counted up to half a second ago, perhaps before the first of them was there.
      size: question.among || !chosen.exact ? Math.max(sighted.size, candidates) : candidates,
      exact: chosen.exact && missing === 0,
    };
    return { found, changed: sight.changed };
  }) as Promise<Answer>;
}

/** As `answer` sees it: the vectors whose halves are missing or outdated, and whether there is a graph. */
async function look(tx: Tx, { model, vector }: Question) {
  const name = graphName(model, vector.length);
  const [, [seen]] = await Promise.all([
    // Compiling takes longer than what it saves.
    tx.unsafe("set local jit = off"),
    tx.unsafe<{ loaded: boolean; graph: boolean; changed: boolean; fresh: string[] }[]>(
      `with state as (select changed_before from vector_halves_state
        where model = $1 and compared is null and ${TRUSTED}),
      changed as materialized (select distinct photo_id from embedding_changes
        where model = $1 and xid >= (select changed_before from state))
      select exists (select from state) as loaded, ${graphIsValid(name)} as graph,
        exists (select from changed) as changed,
        array(select e.photo_id from changed c
          join embeddings e on e.photo_id = c.photo_id and e.model = $1 ${HALF}
          where ${OUTDATED} limit ${MOST_FRESH + 1})::text[] as fresh`,
      [model],
    ),
  ]);
  return seen;
}

interface Sighted extends Question {
  fresh: string[];
}

/** Vectors without halves, those aside that are compared nevertheless; outdated halves are looked at. */
async function missingBeside(tx: Tx, { model, fresh }: Sighted): Promise<number> {
  const [{ missing }] = await tx.unsafe<{ missing: string }[]>(
    `select (select count(*) from embeddings where model = $1) - (select count(*)
      from vector_halves where model = $1 and photo_id <> all($2::bigint[])) as missing`,
    [model, fresh] as never[],
  );
  return Number(missing) - fresh.length;
}

/** The photos that the nearest are among. */
interface Chosen {
  ids: string[];
  candidates: number;
  exact: boolean;
}

/**
 * Null: the graph is not the way to answer this. If it gives fewer than it was asked for, the walk was
 * given up, or most vectors are not in it yet: what lies beside it must not make up for that.
 */
async function byGraph(tx: Tx, question: Sighted): Promise<Chosen | null> {
  const { among, k, size, exactLimit } = question;
  const most = (candidates: number) => Math.max(ALWAYS_BY_GRAPH, candidates / WALK);
  if (size <= exactLimit || k > most(size)) return null;
  const candidates = among ? await candidatesOf(tx, question) : size;
  if (candidates <= exactLimit || k > most(candidates)) return null;
  const few = k + MARGIN;
  const rows = await rowsByGraph(tx, { ...question, few });
  if (rows.filter((row) => row.near).length < few) {
    // What looks at all sorts.
    await tx.unsafe("set local enable_sort = on");
    return null;
  }
  return { ids: rows.map((row) => row.photo_id), candidates, exact: false };
}

/**
 * Every candidate whose product of halves is near enough to the k-th best for the k best to be
 * among them, whatever was lost by rounding: twice the error, since both of two may be off.
 */
async function byScan(tx: Tx, question: Sighted): Promise<Chosen> {
  const { model, vector, k, fresh } = question;
  const { chosen, within, params } = parts(question);
  const [q, f, n, e] = [1, 2, 3, 4].map((i) => `$${params.length + i}`);
  const found = await tx.unsafe<{ photo_id: string | null; candidates: string }[]>(
    `with ${chosen}
    near as materialized (
      select h.photo_id, -(h.vector <#> ${q}::halfvec) as score from vector_halves h
      where h.model = ${literal(model)} and h.vector is not null
        and h.photo_id <> all(${f}::bigint[]) ${within("h.photo_id")}),
    fresh as materialized (
      select e.photo_id from embeddings e
      where e.model = ${literal(model)} and e.photo_id = any(${f}::bigint[])
        ${within("e.photo_id")}),
    taken as (
      select photo_id from near where score >= coalesce(
        (select score from near order by score desc limit 1 offset ${n}::bigint - 1),
        '-Infinity') - ${e}::float8
      union all select photo_id from fresh)
    select (select count(*) from near) + (select count(*) from fresh) as candidates, t.photo_id
    from (select) one left join taken t on true`,
    [...params, halvesOfQuery(vector), fresh, k, 2 * halvesError(vector)] as never[],
  );
  const ids = found.flatMap((row) => row.photo_id ?? []);
  return { ids, candidates: Number(found[0].candidates), exact: true };
}

async function rowsByGraph(
  tx: Tx,
  question: Sighted & { few: number },
): Promise<{ photo_id: string; near: boolean }[]> {
  const { model, vector, few, fresh, mostVisited = MOST_VISITED } = question;
  const { chosen, inside, params } = parts(question);
  const [q, f, n] = [1, 2, 3].map((i) => `$${params.length + i}`);
  const halves = halvesOf(vector.length);
  const [, rows] = await Promise.all([
    // Put in order below, so an order that is nearly right loses nothing and finds more. Without
    // sorting the graph is the one way; photos that pass are hashed, however many there are.
    tx.unsafe(
      `set local enable_sort = off; set local work_mem = '256MB';
      set local hnsw.ef_search = ${Math.min(MOST_EF, Math.max(LEAST_EF, 2 * few))};
      set local hnsw.iterative_scan = relaxed_order;
      set local hnsw.max_scan_tuples = ${mostVisited}`,
    ),
    tx.unsafe<{ photo_id: string; near: boolean }[]>(
      `with ${chosen}
      near as materialized (
        select h.photo_id from vector_halves h
        where h.model = ${literal(model)} and h.settled and h.vector is not null
          and h.photo_id <> all(${f}::bigint[]) ${inside("h.photo_id")}
        order by ${halves} <#> ${q}::halfvec(${vector.length}) limit ${n}::bigint),
      unsettled as materialized (
        select h.photo_id from vector_halves h
        where h.model = ${literal(model)} and not h.settled and h.photo_id <> all(${f}::bigint[])
          ${inside("h.photo_id")}
        order by h.vector <#> ${q}::halfvec limit ${n}::bigint)
      select photo_id, true as near from near
      union all select photo_id, false from unsettled
      union all select e.photo_id, false from embeddings e
        where e.model = ${literal(model)} and e.photo_id = any(${f}::bigint[])
          ${inside("e.photo_id")}`,
      [...params, halvesOfQuery(vector), fresh, few] as never[],
    ),
  ]);
  return rows;
}

function halvesOfQuery(vector: Float32Array): string {
  const halves = halvesText(vector);
  if (halves !== null) return halves;
  throw new RangeError(
    "A vector to look for has a value beyond 65,504, the largest pgvector takes",
  );
}

async function candidatesOf(tx: Tx, { model, among }: Question): Promise<number> {
  const { sql, params } = among!;
  const [{ candidates }] = await tx.unsafe<{ candidates: string }[]>(
    `select count(*) as candidates from embeddings
    where model = $${params.length + 1} and photo_id in (${sql}) and photo_id not in (
      select photo_id from vector_halves where model = $${params.length + 1} and vector is null)`,
    [...params, model] as never[],
  );
  return Number(candidates);
}

/** The parts of a statement that keep it to `among`: nothing where all photos count. */
function parts({ among }: Question) {
  if (!among) return { chosen: "", within: () => "", inside: () => "", params: [] };
  return {
    chosen: `chosen (id) as (${among.sql}),`,
    within: (id: string) => `and ${id} in (select id from chosen)`,
    /** Not to be joined: each vector the graph comes to is asked whether it belongs. */
    inside: (id: string) => `and (${id} in (select id from chosen)) is true`,
    params: among.params,
  };
}
