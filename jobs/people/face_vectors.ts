import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { unitVector } from "./load_faces.ts";

/** Faces that one statement reads: some 5 ms of this thread. */
export const PORTION = 500;

/**
 * The vectors of faces by id, of length 1, in portions. Those that are not there, or have no vector
 * of this dimension, are left out.
 */
export async function readVectors(
  tx: Db | Tx,
  ids: readonly number[],
  dimension: number,
): Promise<Map<number, Float32Array>> {
  const vectors = new Map<number, Float32Array>();
  for (let start = 0; start < ids.length; start += PORTION) {
    const these = sql`${sql.param(ids.slice(start, start + PORTION))}::bigint[]`;
    const rows = await tx.execute<{ id: string; embedding: Uint8Array }>(sql`
      select id, embedding from faces where id = any(${these})`);
    for (const { id, embedding } of rows) {
      const vector = unitVector(embedding, dimension);
      if (vector) vectors.set(Number(id), vector);
    }
  }
  return vectors;
}
