import type { Database } from "./client.ts";
import { findPresent, type FoundPhoto } from "./search_queries.ts";
import type { Hit } from "./vector_index/index.ts";
import { openLibraryIndex } from "./vector_index/open.ts";

/** What puts words where the pictures are; an engine of the models room is one. */
export interface TextEncoder {
  models: { clip: { key: string; dimension: number; builtin: boolean } };
  /** A unit vector; zeros if it knows none of the words. */
  embedText(text: string): Promise<Float32Array>;
}

export interface SearchResult {
  query: string;
  /** The model that compared words and pictures. */
  model: string;
  builtinModels: boolean;
  /** For a person: why there are no results; null where there are. */
  message: string | null;
  /** Best first. */
  results: (FoundPhoto & { score: number })[];
}

export interface Search {
  /**
   * The `limit` photos nearest to the query, of those nearer than a right angle (a cosine above 0),
   * best first: representatives of which a file is still there.
   */
  find(query: string, limit: number): Promise<SearchResult>;
  /** Loads the index, so that the first search need not wait for it. */
  warm(): Promise<void>;
  /** Ends the index's thread; the encoder is its owner's to close. */
  close(): Promise<void>;
}

// Some of the nearest cannot be shown: their files are gone. Where that leaves too few, more are
// looked at, up to a number that one statement still checks at once.
const SPARE = 20;
const MORE = 8;
const MOST = 10_000;

/** Search over the pictures of `database`; threads start with the first call. */
export function createSearch(database: Database, encoder: TextEncoder): Search {
  const { key: model, dimension, builtin: builtinModels } = encoder.models.clip;
  const index = openLibraryIndex({ url: database.url, model, dimension });

  async function find(query: string, limit: number): Promise<SearchResult> {
    const result = { query, model, builtinModels, message: null, results: [] };
    const vector = await encoder.embedText(query);
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

  return { find, warm: index.warm, close: index.close };
}

const NOTHING_THERE =
  "No picture is searchable yet with the models in use: start a session over a folder";
const NOTHING_NEAR = "No picture is like these words";

const unknownWords = (builtin: boolean) =>
  builtin
    ? "The demonstration models know only colours, brightness and a few scenes: none of these words"
    : "The model knows none of these words";
