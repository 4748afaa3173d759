import type { Database } from "../db/client.ts";
import { bytesOfVector } from "../db/vectors.ts";

const AT_ONCE = 500;

/**
 * Makes a library as training leaves it, unless it is there: photos, each with a file and a vector of
 * its own under `model`. Days, cameras and stars differ, so that filters have something to choose
 * from.
 */
export async function fillLibrary(
  { sql }: Database,
  { count, model, vector }: { count: number; model: string; vector: (at: number) => Float32Array },
): Promise<void> {
  const [{ there }] = await sql<{ there: number }[]>`
    select count(*)::int as there from embeddings`;
  if (there === count) return;
  if (there > 0) throw new Error(`The library that was kept has ${there} vectors, not ${count}`);
  await sql`
    insert into photos (sha256, byte_size, width, height, format, taken_at, camera, rating, dhash,
      flat, first_mtime_ms, first_path, preview_width, preview_height)
    select n::text, 1, 600, 400, 'jpeg',
      to_char(timestamp '2005-01-01' + n * interval '100 minutes', 'YYYY-MM-DD"T"HH24:MI:SS'),
      'Camera ' || n % 20, n % 6, '', true, 0, '/library/' || n % 200 || '/' || n, 600, 400
    from generate_series(1, ${count}) n`;
  await sql`
    insert into files (path, size, mtime_ms, photo_id) select first_path, 1, 0, id from photos`;
  const ids = (await sql<{ id: string }[]>`select id from photos order by id`)
    .map(({ id }) => Number(id));
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const rows = ids.slice(from, from + AT_ONCE).map((photo_id, at) => ({
      photo_id,
      model,
      vector: bytesOfVector(vector(from + at)),
    }));
    await sql`insert into embeddings ${sql(rows)}`;
  }
  await sql`analyze`;
}
