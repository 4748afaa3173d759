import { join } from "node:path";
import { walk } from "../jobs/walk.ts";
import {
  calm,
  over,
  print,
  type Served,
  timed,
  until,
  withServer,
  writeTinyFiles,
} from "./support.ts";

/**
 * Files a second that discovery finds among 100,000 small ones, against `find` that prints the
 * same facts (path, size, time) of the same tree, warm caches for all. `walk` is the bare
 * generator; `discover` is the real worker, with files and jobs written to the database; the
 * re-run finds everything unchanged.
 */
const FILES = 100_000;

await withServer({ worker: true }, async (served, dir) => {
  const { database, post, create } = served;
  const library = join(dir, "library");
  await writeTinyFiles(library, FILES);
  const find = () => {
    const args = [library, "-type", "f", "-printf", "%p %s %T@\\n"];
    return new Deno.Command("find", { args, stdout: "null" }).output();
  };
  await find();
  const times: [string, number][] = [];
  times.push(["find -printf", await timed(find)]);
  times.push(["walk()", await timed(walkAll)]);

  const first = await create(library);
  times.push(["discover, all new", await discover(served, first)]);
  await post(`/api/v1/training/sessions/${first}/pause`);
  await calm(database);
  await makePhotos(served);

  const second = await create(library, { skipFaceDetection: true });
  times.push(["discover, unchanged", await discover(served, second)]);
  await over(database, second);
  const [{ jobs }] = await database.sql`
    select count(*)::int as jobs from jobs where session_id = ${second} and phase = 'training'`;
  if (jobs > 0) throw new Error(`${jobs} unchanged files were taken for changed`);
  times.push(["find -printf again", await timed(find)]);

  const fastest = Math.min(times[0][1], times.at(-1)![1]);
  print(
    `discovery: ${FILES.toLocaleString("en")} files`,
    times.map(([what, ms]) => ({
      what,
      seconds: ms / 1000,
      "files/s": FILES / ms * 1000,
      "times find": ms / fastest,
    })),
  );

  async function walkAll() {
    let found = 0;
    for await (const event of walk(library, { recursive: true })) {
      if (event.kind === "file") found++;
    }
    if (found !== FILES) throw new Error(`The walk found ${found} files`);
  }
});

/** Starts a session; milliseconds from then to the end of its discovery, by the database's clock. */
async function discover({ database, post }: Served, id: number): Promise<number> {
  await post(`/api/v1/training/sessions/${id}/start`);
  const row = await until(database, (sql) =>
    sql<{ seconds: number; found: number }[]>`
      select active_seconds as seconds, done as found from phases
      where session_id = ${id} and name = 'discovery' and status = 'completed'`);
  if (row.found !== FILES) throw new Error(`Discovery found ${row.found} files`);
  return row.seconds * 1000;
}

// What training would have made of the files, had they been pictures.
async function makePhotos({ database: { sql } }: Served): Promise<void> {
  await sql`
    insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    select path, size, 600, 400, 'jpeg', '', false, mtime_ms, path, 600, 400 from files`;
  await sql`update files f set photo_id = p.id from photos p where p.sha256 = f.path`;
  await sql`
    insert into embeddings (photo_id, model, vector)
    select id, (select clip_model from workers limit 1), ''::bytea from photos`;
  await sql`vacuum analyze`;
}
