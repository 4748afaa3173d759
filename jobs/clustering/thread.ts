import { cluster, type ClusterOptions, type ClusterResult } from "./cluster.ts";
import { startThreadsBy, type Task } from "./threads.ts";

/** What the calling thread sends, once. */
export interface Order {
  vectors: Float32Array;
  dim: number;
  options: Omit<ClusterOptions, "onProgress" | "signal">;
  /** One element over shared memory: 1 = stop. A message would not be read while products run. */
  cancelled: Int32Array;
}

/** What the calling thread sends when a thread that it started for a task has ended, or failed. */
export interface Ended {
  id: number;
  fine: boolean;
}

/** What the thread answers: any number of `progress` and `task`, then one of the others. */
export type Answer =
  | { kind: "progress"; done: number; total: number }
  | { kind: "task"; id: number; task: Task }
  | { kind: "result"; result: ClusterResult }
  | { kind: "error"; name: string; message: string };

/** A message for every tile would be thousands a second; nobody looks that often. */
const PROGRESS_INTERVAL_MS = 50;

interface ThreadScope {
  onmessage: ((event: MessageEvent<Order | Ended>) => void) | null;
  postMessage(answer: Answer, transfer?: Transferable[]): void;
}

const scope = self as unknown as ThreadScope;

/** What settles when the thread of a task has ended, by the task's number. */
const tasks: ((fine: boolean) => void)[] = [];
startThreadsBy((task) => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  scope.postMessage({ kind: "task", id: tasks.push(resolve) - 1, task });
  return { ended: promise, terminate: () => {} };
});

scope.onmessage = ({ data }) => "fine" in data ? tasks[data.id](data.fine) : follow(data);

async function follow({ vectors, dim, options, cancelled }: Order): Promise<void> {
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
    // Handed over, not copied: the other side would be held up by it.
    const { labels, strengths, lists } = result;
    const buffers = [labels, strengths, ...lists ? [lists] : []].map(({ buffer }) => buffer);
    scope.postMessage({ kind: "result", result }, buffers as ArrayBuffer[]);
  } catch (error) {
    const { name, message } = error as Error;
    scope.postMessage({ kind: "error", name, message });
  }
}
