import { join } from "node:path";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import type { Db } from "../db/client.ts";
import { readServing, type Serving } from "../db/serving_queries.ts";
import { packsDir } from "../models/installed.ts";
import { writeTinyPack } from "../models/tiny_pack.ts";

/** Lets a worker's inference through call by call, so that a test can look at the middle of a run. */
export function createGate() {
  let open = Promise.withResolvers<void>();
  let waiting = Promise.withResolvers<void>();
  let calls = Infinity;
  return {
    /** For the worker: waits until this call is let through. */
    async pass() {
      while (calls <= 0) {
        waiting.resolve();
        await open.promise;
      }
      calls--;
    },
    /** Lets `count` more calls through and holds the next. */
    hold(count = 0) {
      calls = count;
      waiting = Promise.withResolvers();
      open.resolve();
      open = Promise.withResolvers();
    },
    /** Resolves when a call is being held. */
    held: () => waiting.promise,
    release() {
      calls = Infinity;
      open.resolve();
      open = Promise.withResolvers();
    },
  };
}

/** Pictures that are no near-copies of each other, each of several colours. */
export async function paintPictures(folder: string, names: string[]): Promise<void> {
  await Promise.all(names.map(async (name) => {
    const pixels = new Uint8Array(12 * 9 * 3);
    let state = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0) | 0, 7);
    for (let i = 0; i < pixels.length; i++) {
      state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
      pixels[i] = state >>> 24;
    }
    await sharp(pixels, { raw: { width: 12, height: 9, channels: 3 } })
      .resize(240, 180, { kernel: "nearest" }).png().toFile(join(folder, `${name}.png`));
  }));
}

/**
 * An installed pack for pictures, words and faces, of which every `batch` gives graphs of their own.
 * To its first token, where sines are not negative, all pictures are alike: "red" finds them all.
 */
export async function installTinyPack(
  dataDir: string,
  pack: { name: string; batch?: number },
): Promise<void> {
  const dir = join(packsDir(dataDir), pack.name);
  await Deno.mkdir(dir, { recursive: true });
  await writeTinyPack(dir, pack);
  const vocabulary = { start: 100, end: 2, unknown: 3, words: { red: 10 } };
  await Deno.writeTextFile(join(dir, "vocabulary.json"), JSON.stringify(vocabulary));
}

/** Vectors and faces by model, each set as one hash: what must not change where nothing is made. */
export async function madeBy(db: Db): Promise<Map<string, { rows: number; hash: string }>> {
  const rows = await db.execute<{ model: string; rows: number; hash: string }>(sql`
    select model, count(*)::int as rows, md5(string_agg(row, '|' order by row)) as hash from (
      select model, concat_ws(' ', 'vector', photo_id, md5(vector)) as row from embeddings
      union all
      select model, concat_ws(' ', 'face', id, photo_id, box::text, md5(embedding), cluster_id)
      from faces) made
    group by model`);
  return new Map(rows.map(({ model, rows, hash }) => [model, { rows, hash }]));
}

/** Waits until `holds` of the models that answer. */
export async function servingBecomes(
  db: Db,
  holds: (serving: Serving) => boolean,
): Promise<Serving> {
  for (;;) {
    const serving = await readServing(db);
    if (holds(serving)) return serving;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
