import { log } from "../../log.ts";
import type { Sql } from "../client.ts";
import { type BackgroundTexts, embedBackground } from "./background.ts";
import { calibrate, type Calibration } from "./calibration.ts";
import type { Stage } from "./stages.ts";

/** A library that grew by half, or lost half, is another one. */
const GROWN = 1.5;
const SHRUNK = 0.5;

interface Kept {
  calibration: Calibration | null;
  /** Of the model alone: they are embedded before there is any picture. */
  texts: BackgroundTexts | null;
  learning: Promise<void> | null;
  measuring: Promise<void> | null;
}

/** What chance is, for the models that answer, measured beside the searches. */
export interface Calibrations {
  /**
   * What was measured; a new measure of a library that has changed much is begun and not waited for.
   * The first measure is, some 0.4 s, unless the background texts, which take a large model many
   * seconds, are not embedded yet: null then, and `pending`.
   */
  current(
    stage: Stage,
    size: number,
  ): Promise<{ calibration: Calibration | null; pending: boolean }>;
  /** Embeds the background texts and measures the library now, if need be. */
  prepare(stage: Stage, size: number): Promise<void>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** One measure for each stage, at most one under way for each; `dataDir` keeps what the models alone decide. */
export function createCalibrations(
  sql: Sql,
  { dataDir = null }: { dataDir?: string | null } = {},
): Calibrations {
  const kept = new WeakMap<Stage, Kept>();
  const running = new Set<Promise<void>>();
  let closed = false;

  function keptOf(stage: Stage): Kept {
    let found = kept.get(stage);
    if (!found) {
      found = { calibration: null, texts: null, learning: null, measuring: null };
      kept.set(stage, found);
    }
    return found;
  }

  const isDue = ({ calibration }: Kept, size: number) =>
    size > 0 && (!calibration || size > GROWN * calibration.size ||
      size < SHRUNK * calibration.size);

  /** Runs beside the searches; a fault is nobody's: the next search tries again. */
  function beside(stage: Stage, work: () => Promise<void>): Promise<void> {
    const doing = work().catch((error) => {
      if (!closed && !stage.retired) {
        log("warn", "relevance cannot be calibrated", { error: String(error) });
      }
    }).finally(() => running.delete(doing));
    running.add(doing);
    return doing;
  }

  function learn(stage: Stage): Promise<void> {
    const own = keptOf(stage);
    if (closed || own.texts) return Promise.resolve();
    return own.learning ??= beside(stage, async () => {
      const stopping = () => closed || stage.retired;
      const texts = await embedBackground(stage.encoder, { dataDir, stopping });
      if (!stopping()) own.texts = texts;
    }).finally(() => own.learning = null);
  }

  function measure(stage: Stage, size: number): Promise<void> {
    const own = keptOf(stage);
    if (closed || !isDue(own, size)) return own.measuring ?? Promise.resolve();
    return own.measuring ??= beside(stage, async () => {
      await learn(stage);
      const { texts } = own;
      if (!texts || closed || stage.retired) return;
      own.calibration = await calibrate(sql, { model: stage.encoder.models.clip.key, size, texts });
    }).finally(() => own.measuring = null);
  }

  return {
    async current(stage, size) {
      const own = keptOf(stage);
      if (size === 0) {
        void learn(stage);
        return { calibration: null, pending: false };
      }
      const measured = measure(stage, size);
      if (!own.calibration && own.texts) await measured;
      return { calibration: own.calibration, pending: own.calibration === null };
    },
    async prepare(stage, size) {
      await learn(stage);
      await measure(stage, size);
    },
    async close() {
      closed = true;
      await Promise.all(running);
    },
  };
}
