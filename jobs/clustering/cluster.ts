import { expandLabels, medoid, nearDuplicates, reduceNeighbours } from "./collapse.ts";
import { condense } from "./condensed_tree.ts";
import { coreSimilarities } from "./core_similarities.ts";
import { membersOf } from "./disjoint_sets.ts";
import { mergeTree } from "./merge_tree.ts";
import { nearestNeighbours, type Neighbours, sweepTiles } from "./neighbours.ts";
import { type Points, unitPoints } from "./points.ts";
import { jsProducts, type ProductBackend } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { type Labelling, labelPoints, selectClusters } from "./select.ts";
import { type Edges, spanningTree } from "./spanning_tree.ts";
import { runSteps, type Step, type StepOptions } from "./steps.ts";

export interface ClusterOptions extends StepOptions {
  /** Fewest points of a cluster: 2 or more; 3 when absent. */
  minClusterSize?: number;
  /** A point is as dense as its cosine to the (minSamples − 1)-th nearest other; 3 when absent. */
  minSamples?: number;
  /** Points are joined only at this mutual-reachability cosine or above (−1 to 1); null: always. */
  similarityFloor?: number | null;
  /** Points of this cosine or above count as one (connected components); null: each as itself. */
  collapse?: number | null;
  /**
   * Whether all points may be one cluster. Without a floor that is textbook HDBSCAN's option of
   * this name, and usually takes everything; with one, it holds only what the floor leaves
   * connected.
   */
  allowSingleCluster?: boolean;
  /** What computes products; ONNX Runtime when absent. "js" is the slow reference. */
  products?: "onnx" | "js";
  /** Cores for ONNX Runtime; 0 or absent: all. */
  threads?: number;
}

export interface ClusterResult {
  /** Per point: 0, 1, … or −1 for noise. */
  labels: Int32Array;
  /** Per point: how firmly it belongs to its cluster, 0 (noise) to 1. */
  strengths: Float32Array;
  /** Per cluster: the point most similar to all its points. */
  medoids: number[];
}

/** Neighbours listed per point: more costs memory, fewer leaves more to the second sweep. */
const NEIGHBOURS = 16;

/**
 * Clusters `vectors` (n × `dim` float32, every row of length 1 within 1e-3) with HDBSCAN on
 * Euclidean distance, which for unit vectors orders as the cosine does. Exact: the same partition
 * whatever the order of points, the rotation of the space or the product backend. Time grows with
 * n²: 10,000 × 512 take 1.5 s on two cores, 50,000 half a minute. Throws RangeError for vectors or
 * options out of range and an AbortError (DOMException) when `signal` is seen set, which is looked
 * at before every tile of products.
 */
export async function cluster(
  vectors: Float32Array,
  dim: number,
  options: ClusterOptions = {},
): Promise<ClusterResult> {
  const settings = checked(options);
  const points = unitPoints(vectors, dim);
  const products = settings.products === "js" ? jsProducts() : await onnxProducts(settings.threads);
  try {
    const { labels, strengths } = await labelled(points, { ...settings, products });
    return { labels, strengths, medoids: medoids(points, labels) };
  } finally {
    await products.close();
  }
}

type Settings = ReturnType<typeof checked>;

function checked(options: ClusterOptions) {
  const { minClusterSize = 3, minSamples = 3, similarityFloor = null, collapse = null } = options;
  const whole = { minClusterSize: [minClusterSize, 2], minSamples: [minSamples, 1] };
  for (const [name, [value, least]] of Object.entries(whole)) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`${name} is ${value}; it must be a whole number of at least ${least}`);
    }
  }
  for (const [name, value] of Object.entries({ similarityFloor, collapse })) {
    if (value !== null && !(value >= -1 && value < 1)) {
      throw new RangeError(`${name} is ${value}; it must be null or a cosine from -1 to below 1`);
    }
  }
  return { ...options, minClusterSize, minSamples, similarityFloor, collapse };
}

type Run = Omit<Settings, "products"> & { products: ProductBackend };

async function labelled(points: Points, run: Run): Promise<Labelling> {
  const { products, minClusterSize, minSamples, collapse } = run;
  const tiles = sweepTiles(points.count, products);
  // In tiles. The join computes 30 to 40 % of the sweep's products; the rest is quick beside them.
  const steps = runSteps({
    sweep: tiles,
    reduce: collapse === null ? 0 : Math.ceil(tiles * .05) + 1,
    join: Math.ceil(tiles * .4) + 1,
    hierarchy: Math.ceil(tiles * .02) + 3,
  }, run);
  const k = Math.max(NEIGHBOURS, minSamples + 1);
  if (collapse === null) {
    const neighbours = await nearestNeighbours(points, k, { products, step: steps.sweep });
    return hierarchical({ points, neighbours }, { run, steps });
  }
  const near = nearDuplicates(points, collapse);
  const neighbours = await nearestNeighbours(points, k, {
    products,
    step: steps.sweep,
    above: collapse,
    onPair: near.onPair,
  });
  const groups = near.groups();
  const reduced = await reduceNeighbours(points, { neighbours, groups }, {
    needed: Math.max(4, minSamples),
    products,
    step: steps.reduce,
  });
  return expandLabels(await hierarchical(reduced, { run, steps }), groups, minClusterSize);
}

async function hierarchical(
  { points, neighbours }: { points: Points; neighbours: Neighbours },
  { run, steps }: { run: Run; steps: Record<"join" | "hierarchy", Step> },
): Promise<Labelling> {
  const { minSamples, similarityFloor, products } = run;
  const cores = coreSimilarities(neighbours, minSamples);
  const floor = similarityFloor ?? -Infinity;
  const edges = await spanningTree({ points, neighbours, cores, floor }, {
    products,
    step: steps.join,
  });
  return labelsFrom(edges, { ...run, count: points.count, step: steps.hierarchy });
}

interface LabelOptions {
  count: number;
  minClusterSize: number;
  similarityFloor: number | null;
  allowSingleCluster?: boolean;
  step: Step;
}

/** The clusters that a spanning tree or forest over `count` points holds. */
function labelsFrom(edges: Edges, options: LabelOptions): Labelling {
  const { count, minClusterSize, similarityFloor, allowSingleCluster = false, step } = options;
  step(0);
  if (count === 0) {
    step(1);
    return { labels: new Int32Array(0), strengths: new Float32Array(0) };
  }
  const tree = mergeTree(count, edges);
  step(1 / 3);
  // One part and no leave to be a cluster: the plain tree, whose root is not selectable.
  const inParts = similarityFloor !== null && (allowSingleCluster || tree.roots.length > 1);
  const condensed = condense(tree, {
    minClusterSize,
    partsBornAt: inParts ? similarityFloor : null,
  });
  step(2 / 3);
  const selected = selectClusters(condensed, allowSingleCluster && !inParts);
  const labelling = labelPoints(condensed, selected);
  step(1);
  return labelling;
}

function medoids(points: Points, labels: Int32Array): number[] {
  const clusters = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const of = labels.map((label) => label < 0 ? clusters : label); // noise as one more set, behind
  const { starts, members } = membersOf({ of, count: clusters + 1 });
  return Array.from(
    { length: clusters },
    (_, c) => medoid(points, members.subarray(starts[c], starts[c + 1])),
  );
}
