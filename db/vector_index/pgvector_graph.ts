import { createHash } from "node:crypto";
import { isConnectionFault, type Sql } from "../client.ts";
import { BUILD_CLASS } from "./pgvector_setup.ts";

// As hnswlib's here.
const LINKS = 16;
const EF_CONSTRUCTION = 200;

/** What the graph's index is made over, and a search orders by: `<#>` is the negative product. */
export const halvesOf = (dimension: number) => `(vector::halfvec(${dimension}))`;

/** The name of a model's index; names of models are longer than names of indexes may be. */
export function graphName(model: string, dimension: number): string {
  const hash = createHash("sha256").update(`${model} ${dimension}`).digest("hex").slice(0, 16);
  return `vector_halves_${hash}`;
}

/** A string constant; a partial index is only used where the planner sees its very model. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** True in SQL if the graph is complete; one whose building was interrupted is there, but not valid. */
export const graphIsValid = (name: string) =>
  `coalesce((select indisvalid from pg_index where indexrelid = to_regclass('${name}')), false)`;

/**
 * Builds the graph unless it is there, or another process is building it. Vectors may come and go
 * meanwhile. PostgreSQL takes `maintenance_work_mem` and `max_parallel_maintenance_workers` for it: what
 * does not fit there, from some 45,000 × 512 on with the 64 MB it has by default, takes many times as
 * long. It is the administrator's to raise, since the server's memory is not known here.
 */
export async function buildGraph(
  sql: Sql,
  { model, dimension }: { model: string; dimension: number },
): Promise<void> {
  const name = graphName(model, dimension);
  // Outside a transaction, so the lock is the connection's.
  const connection = await sql.reserve();
  try {
    await buildWith(connection, { name, model, dimension });
  } catch (error) {
    // The pool has taken a lost one back already: given back again, it would be of no use to anybody.
    if (!isConnectionFault(error)) connection.release();
    throw error;
  }
  connection.release();
}

async function buildWith(
  connection: Sql,
  { name, model, dimension }: { name: string; model: string; dimension: number },
): Promise<void> {
  const [{ mine }] = await connection`
    select pg_try_advisory_lock(${BUILD_CLASS}::int, hashtext(${model})) as mine`;
  if (!mine) return;
  const unlock = async () => {
    await connection.unsafe(`reset statement_timeout`);
    await connection`select pg_advisory_unlock(${BUILD_CLASS}::int, hashtext(${model}))`;
  };
  try {
    const [{ valid }] = await connection.unsafe(`select ${graphIsValid(name)} as valid`);
    if (!valid) {
      await connection.unsafe(`set statement_timeout = 0`);
      await connection.unsafe(`drop index concurrently if exists ${name}`);
      // The server would by itself, but not while this goes on, and searches are planned by it.
      await connection.unsafe(`analyze vector_halves`);
      await connection.unsafe(
        `create index concurrently ${name} on vector_halves
        using hnsw (${halvesOf(dimension)} halfvec_ip_ops)
        with (m = ${LINKS}, ef_construction = ${EF_CONSTRUCTION})
        where model = ${literal(model)} and settled`,
      );
    }
  } catch (error) {
    // The lock of a lost connection is gone with it.
    if (!isConnectionFault(error)) await unlock();
    throw error;
  }
  await unlock();
}

/** How far it has come, 0…1. The server tells it in rows or in blocks, by the phase it is in. */
export async function graphShare(sql: Sql, name: string): Promise<number> {
  const [found] = await sql<{ share: number }[]>`
    select greatest(tuples_done::float8 / nullif(tuples_total, 0),
      blocks_done::float8 / nullif(blocks_total, 0), 0) as share
    from pg_stat_progress_create_index where index_relid = to_regclass(${name})`;
  return Math.min(1, found?.share ?? 0);
}
