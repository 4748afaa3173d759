import type { Sql } from "../client.ts";
import { vectorOfBytes } from "../vectors.ts";
import type { VectorIndex } from "./index.ts";

/** Ids a block: one bit each, so a block's state is 128 bytes. */
const BLOCK = 1024;

/** Keeps an index equal to what the database has. */
export interface Sync {
  /**
   * Adds and removes what changed since; vectors come in portions of a thousand. Stops early when
   * `stopping` says so. Returns how many vectors were added and removed.
   */
  catchUp(stopping: () => boolean): Promise<{ added: number; removed: number }>;
}

/**
 * Follows the vectors of `model`. Which photos have one is read as a bitmap a block of ids, exactly
 * and wherever the change was: photos get vectors out of the order of their ids and lose them (when
 * they turn out to be duplicates), so a cursor would miss some. 200,000 vectors cost 70 ms of the
 * server's time. A vector itself never changes: content and model decide it.
 */
export function createSync(sql: Sql, index: VectorIndex, model: string): Sync {
  const known = new Map<number, string>();

  async function catchUp(stopping: () => boolean) {
    const stored = await sql<{ block: string; bits: string }[]>`
      select photo_id / ${BLOCK} as block,
        bit_or(set_bit(b'0'::bit(1024), (photo_id % ${BLOCK})::int, 1))::text as bits
      from embeddings where model = ${model} group by 1`;
    const blocks = new Map(stored.map(({ block, bits }) => [Number(block), bits]));
    for (const block of known.keys()) {
      if (!blocks.has(block)) blocks.set(block, "0".repeat(BLOCK));
    }
    let added = 0, removed = 0;
    for (const [block, bits] of blocks) {
      if (known.get(block) === bits) continue;
      const wanted: number[] = [];
      for (let i = 0; i < BLOCK; i++) {
        const id = block * BLOCK + i;
        const held = index.has(id);
        if (bits[i] === "1" && !held) wanted.push(id);
        if (bits[i] === "0" && held) {
          index.remove(id);
          removed++;
        }
      }
      if (stopping()) break;
      if (wanted.length > 0) added += await load(wanted);
      known.set(block, bits);
    }
    return { added, removed };
  }

  async function load(ids: number[]): Promise<number> {
    const rows = await sql<{ photo_id: string; vector: Uint8Array }[]>`
      select photo_id, vector from embeddings
      where model = ${model} and photo_id = any(${ids}::bigint[])`;
    for (const row of rows) index.add(Number(row.photo_id), vectorOfBytes(row.vector));
    return rows.length;
  }

  return { catchUp };
}
