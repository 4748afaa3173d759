import { plainReason } from "./devices/reason.ts";
import { freeBatch } from "./free_batch.ts";
import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import { openSession } from "./session.ts";
import { FLOAT, type Port, readSignature } from "./signature.ts";

/** A graph that takes batches, or why there is none. */
export type Optimized = { path: string; cosine: number } | { refused: string };

/** Rows of a batch of two that are less like those of each picture alone are wrong. */
const SAME = 0.9999;

/**
 * Rewrites a graph that takes one picture at a time so that it takes several, into a copy beside it
 * (`NAME.batch.onnx`); the original is never touched. Proved by a run of two pictures at once, against
 * each alone: where that fails or the results differ, nothing is written and the reason is given.
 * `size` is the side of the pictures in pixels where the graph leaves it open. `cosine` is the
 * smallest of all rows compared. Throws an Error if the file cannot be read or is no ONNX model.
 */
export async function optimizeGraph(
  path: string,
  { size = 640 }: { size?: number } = {},
): Promise<Optimized> {
  const original = await Deno.readFile(path);
  const { inputs, external } = readSignature(original);
  if (external) return { refused: "its weights lie in a second file" };
  const [input] = inputs;
  if (inputs.length !== 1 || input.type !== FLOAT || input.shape.length !== 4) {
    return { refused: "it does not take pictures" };
  }
  if (input.shape[0] !== 1) return { refused: "it takes several pictures at once already" };
  const target = path.replace(/(\.onnx)?$/, ".batch.onnx");
  const partial = `${target}.partial`;
  try {
    await Deno.writeFile(partial, freeBatch(original));
    const cosine = await compare(path, partial, { input, size });
    // NaN is not the same either.
    if (!(cosine >= SAME)) {
      return {
        refused: `two pictures at once give other results than each alone (cosine ${
          cosine.toFixed(4)
        })`,
      };
    }
    await Deno.rename(partial, target);
    return { path: target, cosine };
  } catch (error) {
    if (error instanceof Error && error.name === "RunError") return { refused: error.message };
    throw error;
  } finally {
    await Deno.remove(partial).catch(() => {/* it is the result by now */});
  }
}

class RunError extends Error {
  override name = "RunError";
}

async function compare(
  original: string,
  rewritten: string,
  { input, size }: { input: Port; size: number },
): Promise<number> {
  const shape = input.shape.slice(1).map((side) => side ?? size);
  const length = shape.reduce((product, side) => product * side, 1);
  // Two pictures that differ everywhere.
  const pixels = Float32Array.from({ length: 2 * length }, (_, i) => Math.sin(i * i * 0.37));
  const tensor = (from: number, count: number) => ({
    [input.name]: new Tensor(
      "float32",
      pixels.subarray(from * length, (from + count) * length),
      [count, ...shape],
    ),
  });
  const alone = await withSession(original, async (session) => [
    await session.run(tensor(0, 1)),
    await session.run(tensor(1, 1)),
  ]);
  const together = await withSession(rewritten, (session) => session.run(tensor(0, 2)))
    .catch((error) => {
      throw new RunError(`its inner shapes are made for one picture: ${plainReason(error)}`);
    });
  const cosines = Object.entries(together).flatMap(([name, { data }]) => {
    const values = data as Float32Array;
    const half = values.length / 2;
    return alone.map((outputs, at) => {
      const expected = outputs[name].data as Float32Array;
      if (expected.length !== half) return -1;
      return cosine(values.subarray(at * half, (at + 1) * half), expected);
    });
  });
  return Math.min(...cosines);
}

async function withSession<Result>(
  path: string,
  use: (session: InferenceSession) => Promise<Result>,
): Promise<Result> {
  const session = await openSession(path, { threads: navigator.hardwareConcurrency });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    left += a[i] * a[i];
    right += b[i] * b[i];
  }
  // Two outputs of nothing but noughts are the same.
  return left === 0 && right === 0 ? 1 : product / Math.sqrt(left * right);
}
