import type postgres from "postgres";
import type { Hit } from "./index.ts";
import { storedVector } from "./pgvector_copy.ts";
import { mapInSpans } from "./spans.ts";

export type Tx = postgres.TransactionSql;

/**
 * Vectors read at once: the driver keeps this thread from pages for as long as it takes them in, of
 * 200 × 512 some 10 ms; and however many are asked for, no more are held.
 */
const READ = 200;

/**
 * The `k` nearest of these photos by their vectors as they are stored. `unusable`: how many of them
 * have none that could be compared.
 */
export async function inOrder(
  tx: Tx,
  { model, vector, k, ids }: { model: string; vector: Float32Array; k: number; ids: string[] },
): Promise<{ hits: Hit[]; unusable: number }> {
  const hits: Hit[] = [];
  for (let from = 0; from < ids.length; from += READ) {
    const rows = await tx<{ photo_id: string; vector: Uint8Array }[]>`
      select photo_id, vector from embeddings
      where model = ${model} and photo_id = any(${ids.slice(from, from + READ)}::bigint[])`;
    const scores = await mapInSpans(rows, (row) => scoreOf(row.vector, vector));
    scores.forEach((score, i) => {
      if (score !== null) hits.push({ id: Number(rows[i].photo_id), score });
    });
  }
  hits.sort((a, b) => b.score - a.score || a.id - b.id);
  return { hits: hits.slice(0, k), unusable: ids.length - hits.length };
}

function scoreOf(bytes: Uint8Array, query: Float32Array): number | null {
  const vector = storedVector(bytes, query.length);
  return vector instanceof RangeError ? null : product(query, vector);
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
