import { adaptiveBatchSizes, type BatchSizes } from "./batch_sizes.ts";
import { type Device, PROVIDERS } from "./devices/device.ts";
import { InferenceSession, Tensor } from "./onnxruntime.ts";
import { type Normalisation, normalised, toPlanes } from "./tensor.ts";
import { trimMemory } from "./trim_memory.ts";
import { ModelError } from "./types.ts";

export interface SessionOptions {
  /** ONNX Runtime's threads for one run. */
  threads: number;
  device?: Device;
}

/**
 * Opens a graph on a device, the CPU unless told otherwise. What a GPU's provider has no kernel for,
 * ONNX Runtime runs on the CPU. Throws a ModelError that names the file.
 */
export async function openSession(
  path: string,
  { threads, device = "cpu" }: SessionOptions,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [PROVIDERS[device]],
    intraOpNumThreads: threads,
    graphOptimizationLevel: "all",
    // Threads that wait in a loop for the next run took 127 to 139 ms of CPU time for SCRFD on two
    // cores, sleeping ones 90 to 103 at the same pace: that is left to decoding and to the web.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    // Errors come as exceptions; what ONNX Runtime warns of (unused initialisers) is for exporters.
    logSeverityLevel: 4,
  };
  try {
    // By its path the weights are in memory once: of a graph of 250 MB, 316 MB stayed in use after
    // opening it and 554 MB were in between, against 553 and 791 from bytes.
    return await InferenceSession.create(path, options).catch(async (error) => {
      if (!Deno.build.standalone) throw error;
      // What a compiled program carries is seen by Deno only.
      return await InferenceSession.create(await Deno.readFile(path), options);
    }).finally(trimMemory);
  } catch (error) {
    throw new ModelError(`Cannot open "${path}": ${(error as Error).message}`, { cause: error });
  }
}

export interface EmbeddingRole extends Normalisation {
  input: string;
  size: number;
  dimension: number;
}

const sizes = new WeakMap<InferenceSession, BatchSizes>();

/**
 * The batch sizes of a session, which learn from its runs. `device` counts at the first call: on a
 * CPU larger batches gain nothing and cost memory.
 */
export function batchSizes(session: InferenceSession, device: Device = "cpu"): BatchSizes {
  return sizes.get(session) ?? freshBatchSizes(session, device);
}

/** Begins anew for a session that has come to another device: what was learnt holds on one only. */
export function freshBatchSizes(session: InferenceSession, device: Device): BatchSizes {
  const fresh = adaptiveBatchSizes(
    device === "cpu" ? { start: 4, most: 16 } : { start: 8, most: 64 },
  );
  sizes.set(session, fresh);
  return fresh;
}

/**
 * One L2-normalised vector for every picture (RGB, `size` × `size`), in batches as far as the graph
 * lets: many exports fix the batch axis at 1, and those run one by one.
 */
export async function embedPixels(
  session: InferenceSession,
  role: EmbeddingRole,
  pictures: Uint8Array[],
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  const fixed = isBatchFixed(session, role.input);
  while (vectors.length < pictures.length) {
    const from = vectors.length;
    // The session may have begun anew on another device.
    const sizes = batchSizes(session);
    const batch = pictures.slice(from, from + (fixed ? 1 : sizes.current()));
    const expected = role.size * role.size * 3;
    if (batch[0].length !== expected) {
      throw new Error(
        `A picture has ${batch[0].length} bytes; ${role.size} × ${role.size} RGB needs ${expected}`,
      );
    }
    const dims = [batch.length, 3, role.size, role.size];
    const input = new Tensor("float32", toPlanes(batch, role), dims);
    const started = performance.now();
    const rows = await runRows(session, { [role.input]: input }, role.dimension);
    sizes.record(batch.length, (performance.now() - started) / 1000);
    vectors.push(...rows.map(normalised));
  }
  return vectors;
}

/** Runs the graph and gives the rows of its output of `dimension` columns, as they are. */
export async function runRows(
  session: InferenceSession,
  feeds: Record<string, Tensor>,
  dimension: number,
): Promise<Float32Array[]> {
  const outputs = Object.values(await session.run(feeds));
  const output = outputs.find(({ dims }) => dims.length === 2 && dims[1] === dimension);
  if (!output) {
    const shapes = outputs.map(({ dims }) => `[${dims.join(", ")}]`).join(", ");
    throw new Error(`The graph gave ${shapes}, expected vectors of ${dimension} dimensions`);
  }
  const values = output.data as Float32Array;
  return Array.from(
    { length: output.dims[0] },
    (_, row) => values.slice(row * dimension, (row + 1) * dimension),
  );
}

function isBatchFixed(session: InferenceSession, input: string): boolean {
  const metadata = session.inputMetadata.find(({ name }) => name === input);
  if (!metadata?.isTensor) {
    throw new Error(`The graph has no input "${input}", only ${session.inputNames.join(", ")}`);
  }
  return metadata.shape[0] === 1;
}
