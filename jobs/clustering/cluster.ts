import { clusterPoints, type Run } from "./cluster_points.ts";
import { checkConstraints, type Constraints } from "./constraints.ts";
import type { KeptInput } from "./list_plan.ts";
import { medoids } from "./medoid.ts";
import { unitPoints } from "./points.ts";
import { jsProducts, type ProductBackend } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { wasmProducts } from "./products_wasm.ts";
import { looking, type StepOptions } from "./steps.ts";

export interface ClusterOptions extends StepOptions {
  /**
   * "exact" is the definition. "graph" takes the neighbour lists for all edges there are, which is
   * quicker and needs less memory, at an adjusted Rand index to the exact one of .998 and more.
   * "lists" finds the lists by inverted lists too: a fifth of the time, .985. "auto", when absent,
   * is exact up to 40,000 points, graph up to 150,000, and lists beyond.
   */
  mode?: "exact" | "graph" | "lists" | "auto";
  /** Fewest points of a cluster: 2 or more; 3 when absent. */
  minClusterSize?: number;
  /** A point is as dense as its cosine to the (minSamples − 1)-th nearest other; 3 when absent. */
  minSamples?: number;
  /** Points are joined only at this mutual-reachability cosine or above (−1 to 1); null: always. */
  similarityFloor?: number | null;
  /** Points of this cosine or above count as one (connected components); null: each as itself. */
  collapse?: number | null;
  /**
   * No place is taken to be denser than this cosine, so that bursts of near copies do not shatter
   * what they lie in: the other remedy beside `collapse`, which leaves every face a point of its own.
   * null, when absent: densities as they are.
   */
  densityCap?: number | null;
  /**
   * Whether all points may be one cluster. Without a floor that is textbook HDBSCAN's option of
   * this name, and usually takes everything; with one, it holds only what the floor leaves
   * connected.
   */
  allowSingleCluster?: boolean;
  /** What is never, and what is always together, whatever the similarities. */
  constraints?: Constraints;
  /** Makes the result bring neighbour lists, and takes those of another time: see `updateNeighbours`. */
  kept?: KeptInput;
  /**
   * What computes products. "wasm" needs no native package; "js" is the slow reference. When absent,
   * ONNX Runtime, or "wasm" where that cannot be loaded.
   */
  products?: "onnx" | "wasm" | "js";
  /** Cores for products; 0 or absent: all. */
  threads?: number;
}

export interface ClusterResult {
  /** Per point: 0, 1, … or −1 for noise. */
  labels: Int32Array;
  /** Per point: how firmly it belongs to its cluster, 0 (noise) to 1. */
  strengths: Float32Array;
  /** Per cluster: the point most similar to all its points. */
  medoids: number[];
  /** The neighbour lists for `kept` next time, where that was given and they are exact. */
  lists?: Uint8Array;
}

/**
 * Clusters `vectors` (n × `dim` float32, every row of length 1 within 1e-3) with HDBSCAN on
 * Euclidean distance, which for unit vectors orders as the cosine does. The same partition whatever
 * the order of points, the rotation of the space or the product backend, and whether points are
 * added one by one (`kept`) or all at once. Time grows with n²: 10,000 × 512 take a second on two
 * cores, 50,000 in graph mode ten. With `constraints`, edges between what excludes each other are
 * left out, the strongest being taken first: no cluster holds a forbidden pair, and the confirmed
 * points of a person share a cluster, whatever their similarities. Throws RangeError for vectors or
 * options out of range and an AbortError (DOMException) when `signal` is seen set, which is looked
 * at every few milliseconds.
 */
export async function cluster(
  vectors: Float32Array,
  dim: number,
  options: ClusterOptions = {},
): Promise<ClusterResult> {
  const look = looking(options.signal);
  const points = unitPoints(vectors, dim, look);
  const settings = checked(options, points.count);
  const products = await productsFor(options);
  try {
    const { step, labels, strengths, lists } = await clusterPoints(points, {
      ...settings,
      products,
    });
    const found = { labels, strengths, medoids: medoids(points, labels, step) };
    return lists ? { ...found, lists } : found;
  } finally {
    await products.close();
  }
}

/** Most points of which all products are computed and the tree is exact, and of which all are. */
const EXACT_TO = 40_000, GRAPH_TO = 150_000;

function checked(options: ClusterOptions, count: number): Omit<Run, "products"> {
  const { minClusterSize = 3, minSamples = 3, allowSingleCluster = false, constraints } = options;
  const { similarityFloor = null, collapse = null, densityCap = null, mode = "auto" } = options;
  const whole = { minClusterSize: [minClusterSize, 2], minSamples: [minSamples, 1] };
  for (const [name, [value, least]] of Object.entries(whole)) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`${name} is ${value}; it must be a whole number of at least ${least}`);
    }
  }
  for (const [name, value] of Object.entries({ similarityFloor, collapse, densityCap })) {
    if (value !== null && !(value >= -1 && value < 1)) {
      throw new RangeError(`${name} is ${value}; it must be null or a cosine from -1 to below 1`);
    }
  }
  if (!["exact", "graph", "lists", "auto"].includes(mode)) {
    throw new RangeError(`mode is ${mode}; it must be "exact", "graph", "lists" or "auto"`);
  }
  if (constraints) checkConstraints(constraints, count);
  return {
    ...options,
    minClusterSize,
    minSamples,
    allowSingleCluster,
    similarityFloor,
    collapse,
    densityCap,
    mode: mode !== "auto"
      ? mode
      : count <= EXACT_TO
      ? "exact"
      : count <= GRAPH_TO
      ? "graph"
      : "lists",
  };
}

async function productsFor({ products, threads }: ClusterOptions): Promise<ProductBackend> {
  if (products === "js") return jsProducts();
  if (products === "wasm") return wasmProducts(threads);
  try {
    return await onnxProducts(threads);
  } catch (error) {
    if (products === "onnx") throw error;
    return wasmProducts(threads);
  }
}
