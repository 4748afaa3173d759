import { cluster, type ClusterOptions, type ClusterResult } from "./cluster.ts";

/** What the calling thread sends, once. */
export interface Order {
  vectors: Float32Array;
  dim: number;
  options: Omit<ClusterOptions, "onProgress" | "signal">;
  /** One element over shared memory: 1 = stop. A message would not be read while products run. */
  cancelled: Int32Array;
}

/** What the thread answers: any number of `progress`, then one of the others. */
export type Answer =
  | { kind: "progress"; done: number; total: number }
  | { kind: "result"; result: ClusterResult }
  | { kind: "error"; name: string; message: string };

/** A message for every tile would be thousands a second; nobody looks that often. */
const PROGRESS_INTERVAL_MS = 50;

interface ThreadScope {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage(answer: Answer): void;
}

const scope = self as unknown as ThreadScope;

scope.onmessage = async ({ data: { vectors, dim, options, cancelled } }) => {
  let last = -Infinity;
  try {
    const result = await cluster(vectors, dim, {
      ...options,
      signal: {
        get aborted() {
          return Atomics.load(cancelled, 0) === 1;
        },
      },
      onProgress(done, total) {
        const now = performance.now();
        if (done < total && now - last < PROGRESS_INTERVAL_MS) return;
        last = now;
        scope.postMessage({ kind: "progress", done, total });
      },
    });
    scope.postMessage({ kind: "result", result });
  } catch (error) {
    const { name, message } = error as Error;
    scope.postMessage({ kind: "error", name, message });
  }
};
