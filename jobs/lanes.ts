import { inArray, sum } from "drizzle-orm";
import { files } from "../db/schema.ts";
import type { Config } from "../config.ts";
import type { Db } from "../db/client.ts";
import { adaptiveBatchSize } from "./batch_size.ts";
import { discover } from "./discovery.ts";
import { clusterFaces } from "./face_clustering.ts";
import { finishFaces, prepareFaces } from "./face_detection.ts";
import type { Lane } from "./lane.ts";
import { createMutex } from "./mutex.ts";
import type { Claim } from "./queue/claim.ts";
import { releaseClaim } from "./queue/finish.ts";
import { stillWanted } from "./queue/suspects.ts";
import { finishTraining, prepareTraining } from "./training.ts";
import type { WorkerContext } from "./worker_context.ts";

/** Folders walked at a time: the walk of a small new session must not wait for that of a huge one. */
const WALKS = 4;

/** What the slowest share that is still used delivers; originals in hand stretch the patience so. */
const SLOWEST_BYTES_PER_SECOND = 1e6;

/** The loops of one worker process: walks, pictures, grouping. */
export function createLanes(db: Db, config: Config): Lane[] {
  const base = config.stallSeconds;
  // A walk or a grouping moves all the time, in small steps; but one step may be a slow disk's.
  const single = { batchSize: () => 1, patience: () => 2 * base };
  const pictures = pictureLane(db, base);
  return [
    ...Array.from({ length: WALKS }, (): Lane => ({
      phases: ["discovery"],
      ...single,
      work: discover,
    })),
    // Two loops share the pictures: while one waits for inference, the other reads and decodes.
    pictures,
    pictures,
    { phases: ["clustering"], ...single, work: clusterFaces },
  ];
}

function pictureLane(db: Db, base: number): Lane {
  const sizes = { training: adaptiveBatchSize(), face_detection: adaptiveBatchSize() };
  // What follows reading is behind a mutex, so a batch sees the commit of the batch before it.
  const inference = createMutex();

  /** Inference and commit, unless the phase was paused or the claim lost since the batch began. */
  const finish = (context: WorkerContext, claim: Claim, work: () => Promise<void>) =>
    inference(async () => {
      context.moved();
      await context.inTouch();
      if (!await stillWanted(db, claim)) {
        await releaseClaim(db, claim.claimId);
        return false;
      }
      await work();
      return true;
    });

  return {
    phases: ["training", "face_detection"],
    batchSize: (phase) => sizes[phase as keyof typeof sizes].current(),
    async patience({ phase, jobs }) {
      if (phase !== "training") return base;
      const [{ bytes }] = await db.select({ bytes: sum(files.size) }).from(files)
        .where(inArray(files.id, jobs.map((job) => job.subject)));
      return base + Number(bytes ?? 0) / SLOWEST_BYTES_PER_SECOND;
    },
    async work(context, claim) {
      const phase = claim.phase as keyof typeof sizes;
      const started = performance.now();
      let worked = claim.jobs.length;
      let finished: boolean;
      if (phase === "training") {
        const batch = await prepareTraining(context, claim);
        finished = await finish(context, claim, () => finishTraining(context, batch));
        // Copies and broken files cost little and say nothing about the photos behind them.
        worked = batch.items.filter((item) => item.vector !== null).length;
      } else {
        const batch = await prepareFaces(context, claim);
        finished = await finish(context, claim, () => finishFaces(context, batch));
      }
      if (finished && worked > 0) {
        sizes[phase].record(worked, (performance.now() - started) / 1000);
      }
    },
  };
}
