import type { Db } from "../db/client.ts";
import { log } from "../log.ts";
import type { Counting } from "./counting.ts";
import type { Moving } from "./moving.ts";
import { beat, type WorkerIdentity } from "./queue/workers.ts";
import { rest } from "./rest.ts";

const BEAT_MS = 5000;

/** The lease less a margin: a worker unheard of for longer may be taken for dead at any moment. */
const UNHEARD_MS = 15_000;

/** Without a beat for this long, what stood still meanwhile did so for want of the database. */
const OUTAGE_MS = 10_000;

/** The beats of this process. */
export interface Heart {
  /** Resolves at once while the last beat is fresh, otherwise with the next one that succeeds. */
  inTouch(): Promise<void>;
  /** Beats at once, for something that a page should show at once. */
  beatNow(): void;
  /** Resolves when no beat is under way any more. */
  stop(): Promise<void>;
}

/**
 * Introduces the worker with a first beat and goes on every five seconds, until `stop`. Rejects if
 * the first one fails. A worker that cannot beat keeps what it has in hand, which the claim ids
 * protect, but should begin nothing (see inTouch).
 */
export async function startHeart(
  db: Db,
  worker: WorkerIdentity,
  options: {
    moving: Moving;
    counting: Counting;
    stopping: AbortSignal;
    /** What it is at before anything moves. */
    activity?: () => string | null;
    now?: () => number;
  },
): Promise<Heart> {
  const { moving, counting, stopping, activity, now = () => performance.now() } = options;
  const stopped = new AbortController();
  let early = new AbortController();
  let last = now();
  let next = Promise.withResolvers<void>();
  stopping.addEventListener("abort", () => next.resolve());

  async function once() {
    if (now() - last > OUTAGE_MS) moving.restart();
    await beat(db, worker, {
      ...moving.state(),
      rate: counting.rate(),
      counters: counting.counters,
      activity: activity?.(),
    });
    last = now();
    next.resolve();
    next = Promise.withResolvers();
  }

  async function goOn() {
    while (!stopped.signal.aborted) {
      await rest(BEAT_MS, AbortSignal.any([stopped.signal, early.signal]));
      if (stopped.signal.aborted) return;
      early = new AbortController();
      await once().catch((error) => log("warn", "no heartbeat", { error: String(error) }));
    }
  }

  await once();
  const beating = goOn();
  return {
    async inTouch() {
      while (now() - last > UNHEARD_MS && !stopping.aborted) await next.promise;
    },
    beatNow: () => early.abort(),
    stop() {
      stopped.abort();
      return beating;
    },
  };
}
