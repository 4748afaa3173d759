import type { ClusterOptions, ClusterResult } from "./cluster.ts";
import type { Answer, Order } from "./thread.ts";

export interface RunOptions extends Omit<ClusterOptions, "signal"> {
  signal?: AbortSignal;
}

/**
 * `cluster` in a thread of its own, so that the calling one stays free. Same options, same errors;
 * `onProgress` is called at most every 50 ms, and with the total at the end. An aborted `signal`
 * stops the work at the next tile of products, a few milliseconds later, and rejects with the
 * signal's reason. `vectors` is copied, unless it lies in a SharedArrayBuffer. When the promise
 * settles the thread is gone.
 */
export function runClustering(
  vectors: Float32Array,
  dim: number,
  { signal, onProgress, ...options }: RunOptions = {},
): Promise<ClusterResult> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<ClusterResult>();
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(import.meta.resolve("./thread.ts"), { type: "module" });
  // The thread is told to stop, never terminated before it answers: ending one inside an ONNX
  // Runtime call corrupts memory.
  let stoppedBy: { reason: unknown } | undefined;
  const stop = (reason: unknown) => {
    stoppedBy ??= { reason };
    Atomics.store(cancelled, 0, 1);
  };
  const onAbort = () => stop(signal!.reason);
  signal?.addEventListener("abort", onAbort);
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data.kind === "result") resolve(data.result);
    else if (data.kind === "error") reject(stoppedBy ? stoppedBy.reason : remade(data));
    else if (!stoppedBy) {
      try {
        onProgress?.(data.done, data.total);
      } catch (error) {
        stop(error);
      }
    }
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`The clustering thread failed: ${event.message}`));
  };
  worker.postMessage({ vectors, dim, options, cancelled } satisfies Order);
  return promise.finally(() => {
    signal?.removeEventListener("abort", onAbort);
    worker.terminate();
  });
}

function remade({ name, message }: { name: string; message: string }): Error {
  return name === "RangeError" ? new RangeError(message) : new Error(`${name}: ${message}`);
}
