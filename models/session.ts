import { ModelError } from "./types.ts";
import { InferenceSession, Tensor } from "./onnxruntime.ts";
import { type Normalisation, normalised, toPlanes } from "./tensor.ts";

/** Opens a graph. Read by Deno first, so that a graph inside a compiled program is found. */
export async function openSession(path: string, threads: number): Promise<InferenceSession> {
  const graph = await Deno.readFile(path);
  try {
    return await InferenceSession.create(graph, {
      intraOpNumThreads: threads,
      graphOptimizationLevel: "all",
      // Threads that wait in a loop for the next run took 127 to 139 ms of CPU time for SCRFD on two
      // cores, sleeping ones 90 to 103 at the same pace: that is left to decoding and to the web.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
      // Errors come as exceptions; what ONNX Runtime warns of (unused initialisers) is for exporters.
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new ModelError(`Cannot open "${path}": ${(error as Error).message}`, { cause: error });
  }
}

export interface EmbeddingRole extends Normalisation {
  input: string;
  size: number;
  dimension: number;
}

// Activations of a batch live at the same time: 16 faces through a ResNet-50 are 0.4 GB.
const LARGEST_BATCH = 16;

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
  const step = isBatchFixed(session, role.input) ? 1 : LARGEST_BATCH;
  for (let from = 0; from < pictures.length; from += step) {
    const batch = pictures.slice(from, from + step);
    const expected = role.size * role.size * 3;
    if (batch[0].length !== expected) {
      throw new Error(
        `A picture has ${batch[0].length} bytes; ${role.size} × ${role.size} RGB needs ${expected}`,
      );
    }
    const dims = [batch.length, 3, role.size, role.size];
    const input = new Tensor("float32", toPlanes(batch, role), dims);
    const rows = await runRows(session, { [role.input]: input }, role.dimension);
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
