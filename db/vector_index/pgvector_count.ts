import type { Sql } from "../client.ts";

/** A count serves for so long. */
const LEAST_MS = 500;
/** Of more vectors than this also for so many times the time it took: 60 ms at a million. */
const MANY = 50_000;
const TIMES = 20;

const COUNTS = {
  vectors: `(select count(*) from embeddings where model = $1) -
    (select count(*) from vector_halves where model = $1 and vector is null)`,
  halves: `(select count(*) from vector_halves where model = $1 and vector is not null)`,
};

/**
 * How many vectors of `model` there are, or halves of them, as of half a second ago, or somewhat longer
 * in a large library. What is known to be no vector does not count.
 */
export function createVectorCount(
  sql: Sql,
  { model, of }: { model: string; of: keyof typeof COUNTS },
): () => Promise<number> {
  let until = -Infinity;
  let last: Promise<number>;

  async function count(): Promise<number> {
    const began = performance.now();
    const [{ size }] = await sql.unsafe<{ size: number }[]>(
      `select (${COUNTS[of]})::int as size`,
      [model],
    );
    const took = performance.now() - began;
    until = performance.now() + Math.max(LEAST_MS, size > MANY ? TIMES * took : 0);
    return size;
  }

  return () => {
    if (performance.now() < until) return last;
    until = Infinity;
    last = count().catch((error) => {
      until = -Infinity;
      throw error;
    });
    return last;
  };
}
