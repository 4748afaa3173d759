/** What a thread is to do: which script, and its order. */
export interface Task {
  script: "sweep" | "products";
  order: unknown;
}

export interface Thread {
  /** True when it ended by itself, false if it failed. */
  ended: Promise<boolean>;
  /** Not while it may be inside a call of ONNX Runtime: that corrupts memory. */
  terminate(): void;
}

let start = startHere;

/** Starts a thread that helps the calling one. */
export const startThread = (task: Task): Thread => start(task);

/**
 * Has threads started by another from now on. In Deno 2.9 one that is not started by the main thread
 * takes a second to begin, and 500 ms for every message; by the main thread it is 20 ms.
 */
export function startThreadsBy(other: (task: Task) => Thread): void {
  start = other;
}

function startHere({ script, order }: Task): Thread {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const worker = script === "sweep"
    ? new Worker(import.meta.resolve("./sweep_thread.ts"), { type: "module" })
    : new Worker(import.meta.resolve("./products_thread.ts"), { type: "module" });
  worker.onmessage = () => resolve(true);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve(false);
  };
  worker.postMessage(order);
  const terminate = () => {
    worker.terminate();
    resolve(false);
  };
  return { ended: promise.finally(() => worker.terminate()), terminate };
}
