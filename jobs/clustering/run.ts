import type { ClusterOptions, ClusterResult } from "./cluster.ts";
import { sharedBytes, sharedFloats } from "./shared_copy.ts";
import type { Answer, Ended, Order } from "./thread.ts";
import { startThread, type Task, type Thread } from "./threads.ts";

export interface RunOptions extends Omit<ClusterOptions, "signal"> {
  signal?: AbortSignal;
}

/**
 * `cluster` in a thread of its own, so that the calling one stays free. Same options, same errors;
 * `onProgress` is called some twenty times a second, at most every 50 ms, and with the total at the
 * end. An aborted `signal` stops the work some milliseconds later and rejects with the signal's
 * reason. `vectors` and the lists kept are copied, in portions, unless they lie in a
 * SharedArrayBuffer. When the promise settles the thread is gone.
 */
export async function runClustering(
  vectors: Float32Array,
  dim: number,
  { signal, onProgress, ...options }: RunOptions = {},
): Promise<ClusterResult> {
  signal?.throwIfAborted();
  const { kept } = options;
  const input = {
    vectors: await sharedFloats(vectors, signal),
    options: kept?.lists
      ? { ...options, kept: { ...kept, lists: await sharedBytes(kept.lists, signal) } }
      : options,
  };
  signal?.throwIfAborted();
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
    if (data.kind === "task") help(data);
    else if (data.kind === "result") resolve(data.result);
    else if (data.kind === "error") reject(stoppedBy ? stoppedBy.reason : remade(data));
    else if (!stoppedBy) {
      try {
        onProgress?.(data.done, data.total);
      } catch (error) {
        stop(error);
      }
    }
  };
  const sweeping: Promise<boolean>[] = [], helpers: Thread[] = [];
  const help = ({ id, task }: { id: number; task: Task }) => {
    const helper = startThread(task);
    helpers.push(helper);
    if (task.script === "sweep") sweeping.push(helper.ended);
    helper.ended.then((fine) => worker.postMessage({ id, fine } satisfies Ended));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    const failure = new Error(`The clustering thread failed: ${event.message}`);
    // It did not wait for those that share its sweep: they take what is left of it, then end.
    Promise.all(sweeping).then(() => reject(failure));
  };
  try {
    worker.postMessage({ ...input, dim, cancelled } satisfies Order);
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    worker.terminate();
    // Whoever still is has not begun, or only sleeps: it awaits the others.
    for (const helper of helpers) helper.terminate();
  }
}

function remade({ name, message }: { name: string; message: string }): Error {
  return name === "RangeError" ? new RangeError(message) : new Error(`${name}: ${message}`);
}
