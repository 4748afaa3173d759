import { log } from "../log.ts";
import { type LibraryIndex, openLibraryIndex } from "./vector_index/open.ts";

/** What puts words where the pictures are; an engine of the models room is one. */
export interface TextEncoder {
  models: { clip: { key: string; dimension: number; builtin: boolean } };
  /** A unit vector; zeros if it knows none of the words. */
  embedText(text: string): Promise<Float32Array>;
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
  /** Set when another has taken its place; it is closed after its last request. */
  retired: boolean;
}

/** The models cannot be opened; the message is for a person. */
export class EncoderFault extends Error {
  constructor(cause: Error) {
    super(`Search has no models: ${cause.message}`, { cause });
  }
}

/** A small model is there sooner than anybody notices; for a large one the former can answer. */
const PATIENCE_MS = 1000;

/** A pack that was gone may be pulled again; looking takes some milliseconds. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Keeps the stage for one model open, and another only while the two change places. `on` resolves
 * with what `act` makes of the stage for a model, or of the former one while the other is loading.
 * Rejects with an EncoderFault where no model can be opened.
 */
export function createStages(
  url: string,
  open: OpenEncoder,
  { lookAgainMs = LOOK_AGAIN_MS }: { lookAgainMs?: number } = {},
) {
  let current: Stage | null = null;
  let preparing: Promise<void> | null = null;
  let closed = false;

  async function on<Result>(
    wanted: string | null,
    act: (stage: Stage) => Promise<Result>,
  ): Promise<Result> {
    if (closed) throw new Error("The search is closed");
    if (!current || !isFor(current, wanted) || mayBeBack(current, wanted)) {
      preparing ??= prepare(wanted).finally(() => preparing = null);
      await (current ? soon(preparing) : preparing);
    }
    const stage = current!;
    stage.requests++;
    try {
      return await act(stage);
    } finally {
      stage.requests--;
      if (stage.retired) await closeUnused(stage);
    }
  }

  async function prepare(wanted: string | null): Promise<void> {
    const lookedAt = performance.now();
    const exactly = current !== null && isFor(current, wanted);
    if (exactly) current!.lookedAt = lookedAt;
    const encoder = await open(wanted, { exactly }).catch((error) => {
      throw new EncoderFault(error);
    });
    if (encoder === null) return;
    const { key: model, dimension } = encoder.models.clip;
    const index = openLibraryIndex({ url, model, dimension });
    const stage: Stage = { wanted, encoder, index, lookedAt, requests: 0, retired: false };
    // Where nothing else can answer, the search itself waits for the index.
    if (current) {
      await index.warm().catch(async (error) => {
        await retire(stage);
        throw error;
      });
    }
    const former = current;
    current = stage;
    if (former) await retire(former);
    if (closed) await retire(stage);
  }

  const mayBeBack = ({ encoder, lookedAt }: Stage, wanted: string | null) =>
    wanted !== null && encoder.models.clip.key !== wanted &&
    performance.now() - lookedAt >= lookAgainMs;

  return {
    on,
    async close() {
      closed = true;
      await preparing?.catch(() => {});
      if (current && !current.retired) await retire(current);
    },
  };
}

const isFor = ({ wanted, encoder }: Stage, model: string | null) =>
  wanted === model || encoder.models.clip.key === model;

function retire(stage: Stage): Promise<void> {
  stage.retired = true;
  return closeUnused(stage);
}

async function closeUnused({ requests, index, encoder }: Stage): Promise<void> {
  if (requests > 0) return;
  await Promise.all([index.close(), encoder.close()]);
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
