import type { IndexSettings, LibraryIndex } from "./library_index.ts";
import { openThreadIndex } from "./open_thread.ts";
import { openPgvectorIndex } from "./pgvector.ts";

export type { IndexProgress, IndexSettings, LibraryIndex } from "./library_index.ts";

/**
 * The index of one model's vectors: hnswlib's graph in a thread of this process, or the database's
 * own where it has pgvector. Nothing is loaded, nor is a thread started, before the first call.
 */
export function openLibraryIndex(settings: IndexSettings): LibraryIndex {
  return settings.vectors === "pgvector" ? openPgvectorIndex(settings) : openThreadIndex(settings);
}
