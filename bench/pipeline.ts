import { join } from "node:path";
import { openEngine } from "../models/engine.ts";
import { decodePhoto } from "../models/image.ts";
import { makeSampleLibrary } from "../models/sample/library.ts";
import { copyPhotos, median, over, print, type Served, timed, withServer } from "./support.ts";

/**
 * Training photos a second of the real worker, with database, previews and ledger, against a bare
 * loop: read, decode one after the other, embed in batches of 16, nothing stored. Distinct photos
 * only; both with their model loaded. The two take turns.
 */
const BATCH = 16;
const ROUNDS = 2;

await withServer({ worker: true }, async (served, dir) => {
  const sample = join(dir, "sample"), library = join(dir, "library");
  const { files } = await makeSampleLibrary(sample);
  const paths = copyPhotos(files, { from: sample, to: library });
  const engine = await openEngine({ modelsDir: null, roles: ["images"] });
  const loop = async () => {
    let waiting: Uint8Array[] = [];
    for (const [index, path] of paths.entries()) {
      const photo = await decodePhoto(await Deno.readFile(path), { clipSize: engine.clipSize });
      waiting.push(photo.clipPixels);
      if (waiting.length < BATCH && index < paths.length - 1) continue;
      await engine.embedImages(waiting);
      waiting = [];
    }
  };
  // Loads the models of both.
  await engine.embedImages([new Uint8Array(engine.clipSize ** 2 * 3)]);
  await train(served, library, paths.length);
  const speeds = { worker: [] as number[], loop: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    speeds.loop.push(paths.length / await timed(loop) * 1000);
    speeds.worker.push(paths.length / await train(served, library, paths.length));
  }
  await engine.close();
  const [worker, bare] = [median(speeds.worker), median(speeds.loop)];
  print(`pipeline: training ${paths.length} photos`, [
    { what: "worker", "photos/s": worker, ratio: worker / bare },
    { what: "bare loop", "photos/s": bare, ratio: 1 },
  ]);
});

/** Seconds the training phase of a session over a library nobody has seen takes. */
async function train(
  { database, create, post }: Served,
  library: string,
  photos: number,
): Promise<number> {
  await database.sql`truncate files, photos cascade`;
  const id = await create(library, { skipFaceDetection: true });
  await post(`/api/v1/training/sessions/${id}/start`);
  await over(database, id);
  const [{ seconds, done }] = await database.sql`
    select active_seconds as seconds, done from phases
    where session_id = ${id} and name = 'training'`;
  if (done !== photos) throw new Error(`Training finished ${done} of ${photos} photos`);
  return seconds;
}
