import type { SQL } from "drizzle-orm";
import type { VectorsSetting } from "../../config.ts";
import type { Found } from "./index.ts";

/** How far an index is with taking in what the database has. */
export interface IndexProgress {
  /**
   * idle: nobody has asked for it yet; loading: vectors are missing still, and a search waits for
   * them, but not long; building: all are found, by an exact scan where the graph has them not yet;
   * ready: that too is done.
   */
  state: "idle" | "loading" | "building" | "ready";
  done: number;
  total: number;
}

/** What a search came to; exact up to 50,000 candidates always. */
export interface FoundVectors extends Found {
  /** Vectors in the index. */
  size: number;
  /** Vectors that the database has and that are not loaded yet: they could not be found. */
  missing: number;
}

/** The vectors of one model, as the database has them. */
export interface LibraryIndex {
  /**
   * The `k` nearest, best first, of everything stored up to half a second ago. `among`: a select of
   * one column of photo ids; only those count, however many there are, and ids without a vector are
   * no fault. While many are being loaded a call waits two seconds for them, and then tells how many
   * are `missing`. Rejects with the connection's code where the database does not answer.
   */
  search(vector: Float32Array, k: number, options?: { among?: SQL }): Promise<FoundVectors>;
  /** Starts nothing: an index that nobody has asked for is idle. */
  progress(): Promise<IndexProgress>;
  /** Loads what is there, so that the first search need not. */
  warm(): Promise<void>;
  /** Ends its thread and its connections. */
  close(): Promise<void>;
}

export interface IndexSettings {
  url: string;
  /** Key of the model whose vectors these are. */
  model: string;
  dimension: number;
  /** Where snapshots are kept between starts; null: nowhere. */
  dataDir: string | null;
  vectors: VectorsSetting;
  /** Up to so many candidates every vector is looked at; 50,000 unless a test says otherwise. */
  exactLimit?: number;
}
