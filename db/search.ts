import { isBuiltin } from "../models/types.ts";
import type { Database } from "./client.ts";
import { findPresent, type FoundPhoto } from "./search_queries.ts";
import { createStages, EncoderFault, type OpenEncoder, type Stage } from "./search_stages.ts";
import { lacksVectors, readServing } from "./serving_queries.ts";
import type { Hit } from "./vector_index/index.ts";

export interface SearchResult {
  query: string;
  /** The model that compared words and pictures. */
  model: string;
  builtinModels: boolean;
  /** For a person: why there are no results; null where there are. */
  message: string | null;
  /** For a person: what to know about these results; null: nothing. */
  notice: string | null;
  /** Best first. */
  results: (FoundPhoto & { score: number })[];
}

export interface Search {
  /**
   * The `limit` photos nearest to the query, of those nearer than a right angle (a cosine above 0),
   * best first: representatives of which a file is still there. By the model that serves (see
   * serving_queries.ts); after a switch the former one answers for as long as the other needs to load.
   * Models that are set for the whole program answer from the start, and it is said what they lack.
   */
  find(query: string, limit: number): Promise<SearchResult>;
  /** Loads the index, so that the first search need not wait for it. */
  warm(): Promise<void>;
  /** Ends the threads of index and encoder. */
  close(): Promise<void>;
}

// Some of the nearest cannot be shown: their files are gone. Where that leaves too few, more are
// looked at, up to a number that one statement still checks at once.
const SPARE = 20;
const MORE = 8;
const MOST = 10_000;

const MINUTE_MS = 60_000;

/** Search over the pictures of `database`; nothing is opened before the first call. */
export function createSearch(database: Database, open: OpenEncoder): Search {
  const stages = createStages(database.url, open);
  const lacking = { model: "", lacks: false, until: 0 };

  const wantedModel = async () => open.fixed ? null : (await readServing(database.db)).clip;

  async function find(query: string, limit: number): Promise<SearchResult> {
    const clip = await wantedModel();
    try {
      return await stages.on(clip, async (stage) => {
        const found = await findOn(stage, { query, limit });
        if (open.fixed) return { ...found, notice: await lacks(found.model) ? UNSEEN : null };
        const gone = clip !== null && stage.wanted === clip && found.model !== clip;
        return { ...found, notice: gone ? INCOMPLETE : null };
      });
    } catch (error) {
      // No fault of this program, and the words say what to do.
      if (!(error instanceof EncoderFault)) throw error;
      const { message } = error;
      return { query, model: clip ?? "", builtinModels: isBuiltin(clip), message, ...NONE };
    }
  }

  // Some 50 ms over 100,000 photos, which are too many for every search.
  async function lacks(model: string): Promise<boolean> {
    if (lacking.model !== model || performance.now() >= lacking.until) {
      lacking.lacks = await lacksVectors(database.db, model);
      lacking.model = model;
      lacking.until = performance.now() + MINUTE_MS;
    }
    return lacking.lacks;
  }

  async function findOn(
    { encoder, index }: Stage,
    { query, limit }: { query: string; limit: number },
  ): Promise<SearchResult> {
    const { key: model, builtin: builtinModels } = encoder.models.clip;
    const result = { query, model, builtinModels, message: null, ...NONE };
    const vector = await encoder.embedText(query).catch((error) => {
      throw isFileFault(error) ? new EncoderFault(error) : error;
    });
    if (vector.every((value) => value === 0)) {
      return { ...result, message: unknownWords(builtinModels) };
    }
    for (let k = limit + SPARE;; k *= MORE) {
      const { hits, size } = await index.search(vector, Math.min(k, MOST));
      if (size === 0) return { ...result, message: NOTHING_THERE };
      const near = hits.filter((hit) => hit.score > 0);
      const results = await present(near);
      if (results.length >= limit || near.length < k) {
        const message = results.length > 0 ? null : NOTHING_NEAR;
        return { ...result, message, results: results.slice(0, limit) };
      }
    }
  }

  async function present(hits: Hit[]): Promise<SearchResult["results"]> {
    if (hits.length === 0) return [];
    const photos = await findPresent(database.db, hits.map((hit) => hit.id));
    const byId = new Map(photos.map((photo) => [photo.id, photo]));
    return hits.flatMap(({ id, score }) => {
      const photo = byId.get(id);
      return photo ? [{ ...photo, score }] : [];
    });
  }

  return {
    find,
    async warm() {
      await stages.on(await wantedModel(), ({ index }) => index.warm());
    },
    close: stages.close,
  };
}

/** A graph or its vocabulary is gone; errors keep no more than their name between threads. */
const isFileFault = ({ name }: Error) => name === "ModelError" || name === "NotFound";

const NONE = { notice: null, results: [] };
const NOTHING_THERE =
  "No picture is searchable yet with the models in use: start a session over a folder";
const NOTHING_NEAR = "No picture is like these words";
const INCOMPLETE =
  "The former models are no longer installed: until the run with the new ones is " +
  "complete, pictures may be missing here";
const UNSEEN = "Pictures that were read with other models before SAFELIGHT_MODELS was set are " +
  "missing here until a session is run over their folders again";

const unknownWords = (builtin: boolean) =>
  builtin
    ? "The demonstration models know only colours, brightness and a few scenes: none of these words"
    : "The model knows none of these words";
