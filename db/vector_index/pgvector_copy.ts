import type postgres from "postgres";
import { log } from "../../log.ts";
import { code, type Sql } from "../client.ts";
import { vectorOfBytes } from "../vectors.ts";
import { halvesText } from "./halves.ts";
import { checkVector } from "./index.ts";
import { graphName } from "./pgvector_graph.ts";
import { COPY_CLASS } from "./pgvector_setup.ts";
import { mapInSpans } from "./spans.ts";

/**
 * Vectors copied in one transaction. The driver takes all it reads in one go: of 1,000 × 512 that kept
 * this thread from pages for up to 160 ms, of 250 for 10.
 */
const PORTION = 250;
// Of these, sent at once, 200 kB, for the same reason.
const SENT = 50;
// Long before PostgreSQL ends one of two that wait for each other: let it never be a worker.
const LOCK_MS = 100;
/** With more changes than this, looking through them for each portion would take the longer. */
const MANY_CHANGES = 20_000;

/**
 * The database this is, as `vector_halves_state.origin` has it. A dump that is restored brings the
 * number that was drawn, but writes its row in another transaction, and the table is another. Of a copy
 * made by the file system it is true as well what was true of the original.
 */
export const ORIGIN = `(select concat_ws('/', id, xmin, 'vector_halves'::regclass::oid,
  (select oid from pg_database where datname = current_database())) from vector_halves_origin)`;

/**
 * Whether a row of the state can be trusted: changes are forgotten after a day, and a cursor ahead of
 * all transactions is another database's.
 */
export const TRUSTED = `origin = ${ORIGIN} and at > now() - interval '20 hours'
  and changed_before <= pg_snapshot_xmax(pg_current_snapshot())`;

/** Halves of `e`, a row of embeddings, and by index, whatever the planner knows of a table that grows. */
export const HALF = `left join lateral (select version from vector_halves
  where photo_id = e.photo_id and model = e.model offset 0) h on true`;
export const OUTDATED = `h.version is distinct from e.xmin::text::bigint`;

interface Row {
  photo_id: string;
  version: string;
  vector: Uint8Array;
}

export type Copied = "done" | "more" | "busy";

export interface Of {
  model: string;
  dimension: number;
}

/**
 * Copies a portion of the vectors that are missing in `vector_halves`, or were replaced since. `busy`:
 * another process is at it, or at the vectors themselves; `done`: nothing is left. The cursor moves
 * within the transaction that copies, and never past a transaction that is still open. What is no
 * vector has null for its halves, so that it is looked at, and logged, once.
 */
export async function copyPortion(sql: Sql, of: Of): Promise<Copied> {
  const { model } = of;
  let faults: Fault[] = [];
  const copied = await asTheOnly(sql, model, async (tx) => {
    const state = await readState(tx, model);
    const rows = state.compared === null
      ? await changedRows(tx, model)
      : await comparedRows(tx, { model, after: state.compared });
    faults = await store(tx, { ...of, rows });
    await moveOn(tx, { model, rows, state });
    return state.compared === null && rows.length < PORTION ? "done" : "more";
  });
  if (copied !== "busy") tellFaults(faults, model);
  return copied;
}

/** A transaction that writes halves of `model`, while no other process does; short, for it gives way to all. */
export async function asTheOnly(
  sql: Sql,
  model: string,
  work: (tx: Tx) => Promise<Copied>,
): Promise<Copied> {
  try {
    return await sql.begin(async (tx) => {
      const [{ mine }] = await tx`
        select pg_try_advisory_xact_lock(${COPY_CLASS}::int, hashtext(${model})) as mine`;
      if (!mine) return "busy";
      // Its plans are for a portion, however large the tables become in the meantime.
      await tx.unsafe(
        `set local enable_seqscan = off; set local jit = off; set local lock_timeout = ${LOCK_MS}`,
      );
      return await work(tx);
    }) as Copied;
  } catch (error) {
    // A lock that was not free, a deadlock.
    if (/^(55P03|40P01)$/.test(code(error))) return "busy";
    throw error;
  }
}

type Tx = postgres.TransactionSql;

interface State {
  /** Null: all were compared, changes tell the rest. */
  compared: string | null;
  /** Every transaction below this one has ended, before anything else is read here. */
  horizon: string;
}

async function readState(tx: Tx, model: string): Promise<State> {
  const [found] = await tx.unsafe<State[]>(
    `select compared, pg_snapshot_xmin(pg_current_snapshot())::text as horizon
    from vector_halves_state where model = $1 and ${TRUSTED}`,
    [model],
  );
  return found ?? await beginComparing(tx, model);
}

async function beginComparing(tx: Tx, model: string): Promise<State> {
  const [begun] = await tx.unsafe<State[]>(
    `insert into vector_halves_state (model, origin, changed_before, compared, at)
    values ($1, ${ORIGIN}, pg_snapshot_xmin(pg_current_snapshot()), 0, now())
    on conflict (model) do update set origin = excluded.origin,
      changed_before = excluded.changed_before, compared = 0, at = now()
    returning compared, changed_before::text as horizon`,
    [model],
  );
  return begun;
}

const comparedRows = (tx: Tx, { model, after }: { model: string; after: string }) =>
  tx.unsafe<Row[]>(
    `select e.photo_id, e.xmin::text as version, e.vector from embeddings e ${HALF}
    where e.model = $1 and e.photo_id > $2 and ${OUTDATED}
    order by e.photo_id limit ${PORTION}`,
    [model, after],
  );

const changedRows = (tx: Tx, model: string) =>
  tx.unsafe<Row[]>(
    `select e.photo_id, e.xmin::text as version, e.vector
    from (select distinct photo_id from embedding_changes where model = $1
      and xid >= (select changed_before from vector_halves_state where model = $1)) c
    join embeddings e on e.photo_id = c.photo_id and e.model = $1 ${HALF}
    where ${OUTDATED}
    order by e.photo_id limit ${PORTION}`,
    [model],
  );

/** A row of embeddings that cannot be compared with anything, and why. */
interface Fault {
  id: string;
  reason: string;
}

/** The vector of a row of embeddings, or why there is none. */
export function storedVector(bytes: Uint8Array, dimension: number): Float32Array | RangeError {
  try {
    const vector = vectorOfBytes(bytes);
    checkVector(vector, dimension);
    return vector;
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}

function halvesOfRow({ vector: bytes }: Row, dimension: number): string | RangeError {
  const vector = storedVector(bytes, dimension);
  if (vector instanceof RangeError) return vector;
  return halvesText(vector) ??
    new RangeError("A vector has a value beyond 65,504, the largest in half precision");
}

/** Those that were deleted meanwhile are left out, and the others stay until this is committed. */
async function store(
  tx: Tx,
  { model, dimension, rows }: { model: string; dimension: number; rows: Row[] },
): Promise<Fault[]> {
  const faults: Fault[] = [];
  const texts = await mapInSpans(rows, (row) => {
    const halves = halvesOfRow(row, dimension);
    if (!(halves instanceof RangeError)) return halves;
    faults.push({ id: row.photo_id, reason: halves.message });
    return null;
  });
  for (let from = 0; from < rows.length; from += SENT) {
    const sent = rows.slice(from, from + SENT);
    await tx.unsafe(
      `insert into vector_halves (photo_id, model, version, vector, settled)
      select e.photo_id, e.model, given.version, given.vector::halfvec,
        given.vector is null or to_regclass($5) is null
      from unnest($2::bigint[], $3::bigint[], $4::text[]) as given (photo_id, version, vector)
      join embeddings e on e.photo_id = given.photo_id and e.model = $1
      order by e.photo_id for key share of e
      on conflict (photo_id, model) do update
        set version = excluded.version, vector = excluded.vector, settled = excluded.settled`,
      [
        model,
        sent.map((row) => row.photo_id),
        sent.map((row) => row.version),
        texts.slice(from, from + SENT),
        // A graph that is yet to be built takes in all that is there.
        graphName(model, dimension),
      ],
    );
  }
  return faults;
}

/** One line, however many they are. */
function tellFaults(faults: Fault[], model: string): void {
  const [first] = faults;
  if (!first) return;
  log("warn", "photos cannot be searched for, their vectors are damaged: run a session over them", {
    ...{ model, photos: faults.length },
    ...{ first: first.id, reason: first.reason },
  });
}

async function moveOn(
  tx: Tx,
  { model, rows, state }: { model: string; rows: Row[]; state: State },
): Promise<void> {
  const full = rows.length === PORTION;
  if (state.compared !== null) {
    // Changes since the comparison began are looked at next.
    await tx`update vector_halves_state set at = now(),
      compared = ${full ? rows.at(-1)!.photo_id : null}::bigint where model = ${model}`;
    return;
  }
  if (!full) {
    await tx`update vector_halves_state set changed_before = ${state.horizon}::xid8, at = now()
      where model = ${model}
        and (changed_before <> ${state.horizon}::xid8 or at < now() - interval '1 hour')`;
    return;
  }
  const [{ many }] = await tx`
    select count(*) > ${MANY_CHANGES} as many from (select from embedding_changes
      where model = ${model}
        and xid >= (select changed_before from vector_halves_state where model = ${model})
      limit ${MANY_CHANGES + 1}) c`;
  if (many) await beginComparing(tx, model);
}
