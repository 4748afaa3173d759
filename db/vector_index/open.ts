import { startThread, type Thread } from "../../models/thread.ts";
import type { Hit } from "./index.ts";
import type { Found, Request } from "./thread.ts";

const SCRIPT = new URL("./thread.ts", import.meta.url);

/** The vectors of one model, on a thread of their own, as the database has them. */
export interface LibraryIndex {
  /**
   * The `k` nearest, best first, of everything stored up to half a second ago, and how many vectors
   * there are. The first call waits until all are loaded. Rejects with the connection's code where
   * the database does not answer.
   */
  search(vector: Float32Array, k: number): Promise<{ hits: Hit[]; size: number }>;
  /** Loads what is there, so that the first search need not. */
  warm(): Promise<void>;
  /** Ends the thread and its connection. */
  close(): Promise<void>;
}

/** Nothing is loaded, nor is a thread started, before the first call. */
export function openLibraryIndex(
  settings: { url: string; model: string; dimension: number },
): LibraryIndex {
  let thread: Thread<Request> | null = null;
  let closed = false;

  async function ask(request: Request): Promise<{ hits: Hit[]; size: number }> {
    if (closed) throw new Error("The search index is closed");
    if (!thread || thread.dead) {
      thread = startThread<Request>(SCRIPT, "search index");
      // If this fails the thread has died, which the request itself will tell.
      thread.ask({ op: "open", ...settings }).catch(() => {});
    }
    const found = await thread.ask(request) as Found;
    if ("hits" in found) return found;
    throw Object.assign(new Error(found.message), { code: found.unreachable });
  }

  return {
    search: (vector, k) => ask({ op: "search", vector, k }),
    async warm() {
      await ask({ op: "catchUp" });
    },
    async close() {
      closed = true;
      if (thread && !thread.dead) await thread.ask({ op: "close" });
    },
  };
}
