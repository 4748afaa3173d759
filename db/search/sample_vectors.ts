import type { Sql } from "../client.ts";
import { vectorOfBytes } from "../vectors.ts";

/**
 * Vectors of a model from all over the library, at most `count`: those nearest above points that are
 * spread evenly over the ids. The same library gives the same ones. 2,000 are as many descents of an
 * index, and 4 MB at 512 dimensions.
 */
export async function sampleVectors(
  sql: Sql,
  { model, count }: { model: string; count: number },
): Promise<Float32Array[]> {
  const rows = await sql<{ vector: Uint8Array }[]>`
    with bounds as (select
      (select photo_id from embeddings where model = ${model} order by photo_id limit 1) as low,
      (select photo_id from embeddings where model = ${model} order by photo_id desc limit 1) as high)
    select e.vector from (
      select distinct above.photo_id from bounds
      cross join generate_series(0, ${count - 1}::bigint) i
      cross join lateral (
        select photo_id from embeddings
        where model = ${model} and photo_id >= low + (high - low) * i / ${
    Math.max(1, count - 1)
  }::bigint
        order by photo_id limit 1) above) chosen
    join embeddings e on e.photo_id = chosen.photo_id and e.model = ${model}
    order by e.photo_id`;
  return rows.map(({ vector }) => vectorOfBytes(vector));
}
