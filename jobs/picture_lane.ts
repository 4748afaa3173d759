import { inArray, sum } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { files } from "../db/schema.ts";
import { adaptiveBatchSize } from "./batch_size.ts";
import { chooseItems, embedBatch } from "./embed_batch.ts";
import { type FaceBatch, findFacesOf, prepareFaces, storeFaceBatch } from "./face_detection.ts";
import { createGate } from "./gate.ts";
import { createIntake } from "./intake.ts";
import type { Lane } from "./lane.ts";
import { createMutex } from "./mutex.ts";
import { type Claim, runningPhases } from "./queue/claim.ts";
import { releaseClaim } from "./queue/finish.ts";
import { stillWanted } from "./queue/suspects.ts";
import { unlessUnwanted } from "./unless_unwanted.ts";
import { commitTraining, type PreparedBatch, prepareTraining } from "./training.ts";
import type { WorkerContext } from "./worker_context.ts";

/**
 * Batches of pictures under way: one is committed, one is on the graph, one is ready for when that
 * is done, and one is read and unpacked.
 */
export const PICTURE_LANES = 4;

/**
 * Batches looked at for faces side by side on a CPU. SCRFD-10G's graph kept 1.77 of two cores busy
 * with two threads, at 5 % more core-seconds; two of one thread each all of both, and one's pixels
 * are normalised and faces cut out while the other runs. More copies of the weights would take
 * more memory than they gain.
 */
const LOOKS_ABREAST = 2;

/**
 * Batches that may be with the thread of the graph at a time, the one it is at among them. What comes
 * before and after inference takes four questions to the database and two ways between threads: on two
 * busy cores the graph stood idle 15 % of the time meanwhile.
 */
const GRAPHS_IN_LINE = 2;
/** Where one batch takes longer than this, the next waits outside: it would keep a pause waiting. */
const LONG_SECONDS = 0.8;

/** Older than this, an answer to whether a batch is still wanted is asked for again. */
const WANTED_MS = 250;

/** What the slowest share that is still used delivers; originals in hand stretch the patience so. */
const SLOWEST_BYTES_PER_SECOND = 1e6;

type PicturePhase = "training" | "face_detection";

/**
 * The stages pictures go through in one worker process: read, unpack, infer, commit. Several loops
 * share them (see PICTURE_LANES), each with a batch of its own, so that the slowest stage always has
 * something to do; gates keep what is in memory flat. `base` is the patience with a batch, in seconds.
 */
export function pictureLane(db: Db, base: number): Lane {
  const cores = navigator.hardwareConcurrency;
  // While half of the batches are behind them, the others must hold a picture for every decoder.
  const least = Math.ceil(cores / (PICTURE_LANES / 2));
  const sizes = { training: adaptiveBatchSize({ least }), face_detection: adaptiveBatchSize() };
  const committed = { training: -Infinity, face_detection: -Infinity };
  const intake = createIntake(cores);
  const { balance } = intake;
  const inference = createGate(GRAPHS_IN_LINE);
  // Batches that are ready and have no vectors yet.
  let inLine = 0;
  let inferredAt = -Infinity;
  let loaded = false;
  // One after the other, so that each knows what those before it have chosen.
  const choices = createMutex();
  // While one batch is committed the next is on the graph; what it may hold copies of is known here,
  // and when that has ended.
  const uncommitted = new Map<PreparedBatch, Promise<void>>();

  const looks = createGate(1);

  // Where sessions take turns both kinds of models stay. Otherwise the memory of the one is for the
  // other: ViT-B/32, and SCRFD-10G with ArcFace R50 twice, were 1.9 GB together.
  const isOver = async ({ worker }: WorkerContext, phase: PicturePhase) =>
    (await runningPhases(db, [phase], worker.models)).length === 0;

  /** Inference, unless the phase was paused or the claim lost meanwhile. */
  async function inTurn(context: WorkerContext, claim: Claim, work: () => Promise<void>) {
    context.moved();
    await context.inTouch();
    if (!await stillWanted(db, claim)) return false;
    await work();
    return true;
  }

  async function train(context: WorkerContext, claim: Claim): Promise<PreparedBatch | null> {
    if (await isOver(context, "face_detection")) context.engine.rest("faces");
    const share = () => context.engine.useThreads("images", balance.threads);
    share();
    if (!loaded) context.engine.loadImages();
    loaded = true;
    const wanted = remembered(() => stillWanted(db, claim));
    const prepared = prepareTraining(context, claim, { intake, wanted });
    context.outlived(prepared);
    const batch = await unlessUnwanted(prepared, wanted);
    if (!batch) return null;
    balance.ready(inLine);
    intake.decoding.bear(balance.decoders);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let before: Promise<void>[] = [];
    const embed = async () => {
      await choices.run(async () => {
        before = [...uncommitted.values()];
        const chosen = [...uncommitted.keys()].flatMap(({ chosen }) => chosen);
        await chooseItems(context, batch, chosen);
        uncommitted.set(batch, ended);
      });
      if (batch.chosen.length === 0) return;
      const started = performance.now();
      await embedBatch(context, batch);
      const now = performance.now();
      // Without the time in which the graph was at the batch before.
      const seconds = (now - Math.max(started, inferredAt)) / 1000;
      inferredAt = now;
      balance.inferred(batch.chosen.length, seconds);
      inference.bear(seconds > LONG_SECONDS ? 1 : GRAPHS_IN_LINE);
      share();
    };
    try {
      inLine++;
      const embedded = await inference.pass(1, () => inTurn(context, claim, embed), context.moved)
        .finally(() => inLine--);
      if (!embedded) return null;
      // In the order of the choices: copies of what is not stored yet would be given back.
      await Promise.all(before);
      await commitTraining(context, batch);
    } finally {
      uncommitted.delete(batch);
      end();
    }
    return batch;
  }

  async function look(context: WorkerContext, claim: Claim): Promise<FaceBatch | null> {
    const batch = await prepareFaces(context, claim);
    const { engine } = context;
    const alone = await isOver(context, "training");
    if (alone) engine.rest("images");
    const abreast = alone && engine.device === "cpu" ? Math.min(cores, LOOKS_ABREAST) : 1;
    engine.useThreads("faces", Math.ceil(cores / abreast), abreast);
    looks.bear(abreast);
    const looked = () => inTurn(context, claim, () => findFacesOf(context, batch));
    if (!await looks.pass(1, looked, context.moved)) return null;
    // No look depends on another's commit: the next batch is on the graph already.
    await storeFaceBatch(context, batch);
    return batch;
  }

  function record(phase: PicturePhase, items: number, started: number) {
    const now = performance.now();
    if (items > 0) {
      sizes[phase].record(items, (now - Math.max(started, committed[phase])) / 1000);
    }
    committed[phase] = now;
  }

  return {
    phases: ["training", "face_detection"],
    batchSize: ({ phase, pending }) => {
      const size = sizes[phase as PicturePhase].current();
      // Towards the end fewer and fewer: the last batches have the graph to themselves, while all
      // cores but its own have nothing to do.
      if (pending === null) return size;
      return Math.min(size, Math.max(1, Math.ceil(pending / (2 * PICTURE_LANES))));
    },
    async patience({ phase, jobs }) {
      if (phase !== "training") return base;
      const [{ bytes }] = await db.select({ bytes: sum(files.size) }).from(files)
        .where(inArray(files.id, jobs.map((job) => job.subject)));
      return base + Number(bytes ?? 0) / SLOWEST_BYTES_PER_SECOND;
    },
    async work(context, claim) {
      const started = performance.now();
      if (claim.phase === "training") {
        const batch = await train(context, claim);
        if (!batch) return await releaseClaim(db, claim.claimId);
        // Copies and broken files cost little and say nothing about the photos behind them.
        record("training", batch.items.filter((item) => item.vector !== null).length, started);
      } else {
        const batch = await look(context, claim);
        if (!batch) return await releaseClaim(db, claim.claimId);
        record("face_detection", claim.jobs.length, started);
      }
    },
  };
}

/** Asks once for all who ask within a moment. The claim itself was the first answer. */
function remembered(ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer = Promise.resolve(true);
  let asked = performance.now();
  return () => {
    if (performance.now() - asked > WANTED_MS) {
      asked = performance.now();
      answer = ask();
    }
    return answer;
  };
}
