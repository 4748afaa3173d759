import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import type { ModelSet } from "../models/types.ts";

/**
 * Makes `count` empty files below `folder` and a library that knows them already, so that a walk
 * over them takes its time and leaves nothing to do.
 */
export async function knownFiles(
  db: Db,
  options: { folder: string; count: number; models: ModelSet },
): Promise<void> {
  const { folder, count, models } = options;
  await knowFiles(db, { paths: await emptyFiles(folder, count), models });
}

/** When the empty files were changed last. */
const TIME = new Date(1_600_000_000_000);

/** Makes `count` empty files below `folder`, in fifty folders; resolves with their paths. */
export async function emptyFiles(folder: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const parent = join(folder, String(index % 50));
    if (index < 50) await Deno.mkdir(parent, { recursive: true });
    const path = join(parent, `${index}.jpg`);
    Deno.writeTextFileSync(path, "");
    Deno.utimeSync(path, TIME, TIME);
    paths.push(path);
  }
  return paths;
}

/** Adds empty files to a library as the copies of one photo that was looked at with these models. */
export async function knowFiles(
  db: Db,
  { paths, models }: { paths: string[]; models: ModelSet },
): Promise<void> {
  const photoId = await addPhoto(db, "known");
  await db.execute(sql`
    insert into embeddings (photo_id, model, vector)
    values (${photoId}, ${models.clip.key}, ${new Uint8Array(models.clip.dimension * 4)})`);
  await db.execute(sql`
    insert into face_scans (photo_id, model, faces) values (${photoId}, ${models.faces.key}, 0)`);
  await db.execute(sql`
    insert into files (path, size, mtime_ms, photo_id)
    select path, 0, ${TIME.getTime()}, ${photoId}::bigint
    from unnest(${sql.param(paths)}::text[]) as path`);
}

/** Adds `count` faces of as many strangers, so that grouping takes its time; the same for the same `random`. */
export async function strangers(
  db: Db,
  options: { count: number; dimension: number; model: string; random?: () => number },
): Promise<void> {
  const { count, dimension, model, random = Math.random } = options;
  const photoId = await addPhoto(db, "strangers");
  for (let start = 0; start < count; start += 1000) {
    const vectors = Array.from({ length: Math.min(1000, count - start) }, () => {
      const vector = Float32Array.from({ length: dimension }, () => random() - 0.5);
      const length = Math.hypot(...vector);
      return new Uint8Array(vector.map((value) => value / length).buffer).toHex();
    });
    await db.execute(sql`
      insert into faces (photo_id, model, box, landmarks, score, quality, embedding)
      select ${photoId}::bigint, ${model}, '{0,0,0.1,0.1}', array_fill(0::real, array[10]), 0.9,
        0.9, decode(v, 'hex')
      from unnest(${sql.param(vectors)}::text[]) as v`);
  }
}

async function addPhoto(db: Db, name: string): Promise<number> {
  const [{ id }] = await db.execute<{ id: string }>(sql`
    insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    values (${name}, 0, 100, 100, 'jpeg', ${name}, true, 0, ${`/${name}`}, 100, 100) returning id`);
  return Number(id);
}
