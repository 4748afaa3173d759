import { log } from "../../log.ts";
import type { VectorsSetting } from "../../config.ts";
import type { LibraryIndex } from "../vector_index/library_index.ts";
import { openLibraryIndex } from "../vector_index/open.ts";
import { rememberTexts } from "./remembered_texts.ts";

/** What puts words and pictures where the library's pictures are; see models/search_encoder.ts. */
export interface TextEncoder {
  models: { clip: { key: string; dimension: number; builtin: boolean } };
  /** A unit vector; zeros if it knows none of the words. */
  embedText(text: string): Promise<Float32Array>;
  /** The unit vector of an encoded picture, as training makes it. Rejects with an ImageError. */
  embedPicture(bytes: Uint8Array): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface OpenEncoder {
  /**
   * Opens the encoder of the model with this key, or that of the models in use: for null, and where
   * no pack has the model any more; with `exactly`, null then. Throws an Error for a person if neither
   * can be opened.
   */
  (model: string | null, options?: { exactly?: boolean }): Promise<TextEncoder | null>;
  /** The models in use answer whatever served before: somebody set them for the whole program. */
  fixed?: boolean;
}

/** An encoder with the index of its model. */
export interface Stage {
  /** The model that was asked for, which no pack may have. */
  wanted: string | null;
  encoder: TextEncoder;
  index: LibraryIndex;
  /** When it was last looked whether a pack has that model. */
  lookedAt: number;
  requests: number;
  /** Its encoder could not be used the last time: files of a pack may go while it is open. */
  broken?: boolean;
  /** Set when another has taken its place; it is closed after its last request. */
  retired: boolean;
  /** Set when it is being closed. */
  ended?: Promise<unknown>;
}

/** The models cannot be opened; the message is for a person. */
export class EncoderFault extends Error {
  constructor(cause: Error) {
    super(`Search has no models: ${cause.message}`, { cause });
  }
}

/** A small model is there sooner than anybody notices; for a large one the former can answer. */
const PATIENCE_MS = 1000;

export interface StageOptions {
  /** Where the index keeps its snapshots, and chance its texts; null: nowhere. */
  dataDir?: string | null;
  vectors?: VectorsSetting;
  lookAgainMs?: number;
  /** Whatever else a stage should have before it takes the place of another. */
  settle?: (stage: Stage) => Promise<void>;
}

/**
 * A pack that was gone may be pulled again; looking takes some milliseconds. One that could not be
 * opened may be mended; trying takes seconds where it is large.
 */
const LOOK_AGAIN_MS = 10_000;

/**
 * Keeps the stage for one model open, and another only while the two change places. `on` resolves
 * with what `act` makes of the stage for a model, or of the former one while the other is loading:
 * whoever asks first waits a little for it, all others not at all. Rejects with an EncoderFault where
 * no model can be opened; that, too, is tried again only ten seconds later.
 */
export function createStages(
  url: string,
  open: OpenEncoder,
  { dataDir = null, vectors = "hnswlib", lookAgainMs = LOOK_AGAIN_MS, settle }: StageOptions = {},
) {
  let current: Stage | null = null;
  let preparing: Promise<void> | null = null;
  let failed: { wanted: string | null; at: number; error: Error } | null = null;
  let closed = false;
  /** Of the stage that is being prepared. */
  let coming: LibraryIndex | null = null;

  async function on<Result>(
    wanted: string | null,
    act: (stage: Stage) => Promise<Result>,
  ): Promise<Result> {
    if (closed) throw new Error("The search is closed");
    if (!current) {
      await begin(wanted);
    } else if (!preparing && !hasFailed(wanted)) {
      const again = current.broken ? isDue(current) : mayBeBack(current, wanted);
      if (again || !isFor(current, wanted)) await soon(begin(wanted));
    }
    const stage = current!;
    stage.requests++;
    try {
      const result = await act(stage);
      stage.broken = false;
      return result;
    } catch (error) {
      stage.broken = error instanceof EncoderFault;
      throw error;
    } finally {
      stage.requests--;
      // Whoever asked has an answer, and need not wait for it.
      if (stage.retired) beside(closeUnused(stage));
    }
  }

  function begin(wanted: string | null): Promise<void> {
    if (preparing) return preparing;
    if (hasFailed(wanted)) return Promise.reject(failed!.error);
    return preparing = prepare(wanted).then(() => {
      failed = null;
    }, (error) => {
      failed = { wanted, at: performance.now(), error };
      throw error;
    }).finally(() => preparing = null);
  }

  const hasFailed = (wanted: string | null) =>
    failed !== null && failed.wanted === wanted && performance.now() - failed.at < lookAgainMs;

  async function prepare(wanted: string | null): Promise<void> {
    const lookedAt = performance.now();
    const exactly = current !== null && !current.broken && isFor(current, wanted);
    if (current && (exactly || current.broken)) current.lookedAt = lookedAt;
    const opened = await open(wanted, { exactly }).catch((error) => {
      throw new EncoderFault(error);
    });
    if (opened === null) return;
    const encoder = rememberTexts(opened);
    const { key: model, dimension } = encoder.models.clip;
    const index = openLibraryIndex({ url, model, dimension, dataDir, vectors });
    const stage: Stage = { wanted, encoder, index, lookedAt, requests: 0, retired: false };
    // Where nothing else can answer, the search itself waits for the index.
    if (current) {
      coming = index;
      await index.warm().then(() => settle?.(stage)).catch(async (error) => {
        await retire(stage);
        throw error;
      }).finally(() => coming = null);
    }
    const former = current;
    current = stage;
    if (former) beside(retire(former));
    if (closed) await retire(stage);
  }

  const isDue = ({ lookedAt }: Stage) => performance.now() - lookedAt >= lookAgainMs;

  const mayBeBack = (stage: Stage, wanted: string | null) =>
    wanted !== null && stage.encoder.models.clip.key !== wanted && isDue(stage);

  /** Stages that are being closed. */
  const closing = new Set<Promise<unknown>>();

  function beside(end: Promise<unknown>): void {
    const ending = end.catch((error) => {
      log("warn", "the models that answered before cannot be closed", { error: String(error) });
    }).finally(() => closing.delete(ending));
    closing.add(ending);
  }

  return {
    on,
    /** The stage that answers now; null before the first call. */
    current: () => current,
    async close() {
      closed = true;
      // An index answers whoever waits for it when it is closed; a load may take minutes.
      await coming?.close();
      await preparing?.catch(() => {});
      if (current) await end(current);
      await Promise.all(closing);
    },
  };
}

const isFor = ({ wanted, encoder }: Stage, model: string | null) =>
  wanted === model || encoder.models.clip.key === model;

function retire(stage: Stage): Promise<void> {
  stage.retired = true;
  return closeUnused(stage);
}

async function closeUnused(stage: Stage): Promise<void> {
  if (stage.requests === 0) await end(stage);
}

function end(stage: Stage): Promise<unknown> {
  stage.retired = true;
  return stage.ended ??= Promise.all([stage.index.close(), stage.encoder.close()]);
}

/** Waits for the other models a little; their fault is nobody's who can be answered without them. */
async function soon(preparing: Promise<void>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, PATIENCE_MS);
  const prepared = preparing.catch((error) =>
    log("warn", "search goes on with the models before", { error: String(error) })
  );
  await Promise.race([prepared, patience.promise]);
  clearTimeout(timer);
}
