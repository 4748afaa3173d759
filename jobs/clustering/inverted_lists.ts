import { membersOf } from "./disjoint_sets.ts";
import { nearestLists, type Probed, PROBES } from "./list_probes.ts";
import { nearestNeighbours, type Neighbours, refined } from "./neighbours.ts";
import { VIA_NEIGHBOURS, viaNeighbours } from "./neighbours_of_neighbours.ts";
import type { Points } from "./points.ts";
import type { ProductBackend } from "./products.ts";
import { kMeansWork, sphericalKMeans } from "./spherical_k_means.ts";
import type { Step } from "./steps.ts";
import { tileLists, writeTile } from "./tile_lists.ts";

export interface InvertedListOptions {
  products: ProductBackend;
  step: Step;
  /** Lists that a point is compared with at most: more find more, and take longer. */
  probes?: number;
}

/** The part of so many lists that is usually left by that. */
const USUALLY_PROBED = .5;

function listCount(count: number): number {
  return Math.min(count, Math.round(1.6 * Math.sqrt(count)));
}

/** What `invertedListNeighbours` costs, about, in products: the unit in which its steps are even. */
export function invertedListWork(
  count: number,
  options: { k: number; products?: ProductBackend; probes?: number },
): number {
  const { before, after } = workOf(count, options);
  return before + after;
}

/**
 * The work until it is known which lists each point is compared with, and behind that. Beside the
 * products there is choosing lists for a point and moving it, as long as some ten similarities, and
 * gathering vectors and merging tiles, which takes half as long as the products.
 */
function workOf(
  count: number,
  { k, products, probes = PROBES }: { k: number; products?: ProductBackend; probes?: number },
): { training: number; before: number; after: number } {
  const lists = listCount(count), pace = products?.pace ?? USUAL_PACE;
  const means = kMeansWork(count, lists);
  const training = means.products * LOOKED_AT + means.singles * pace;
  const compared = count * Math.min(probes, lists) * (count / lists || 0) * USUALLY_PROBED;
  return {
    training,
    before: training + count * lists * LOOKED_AT + 10 * count * pace,
    after: compared * MERGED + singles(count, k) * pace,
  };
}

/** Products whose maximum is looked for, and such as are merged, in the unit of bare ones. */
const LOOKED_AT = 1.2, MERGED = 1.5;
/** ONNX Runtime's on two cores. */
const USUAL_PACE = 50;

/** Similarities that are computed alone. */
function singles(count: number, k: number): number {
  return count * (k + VIA_NEIGHBOURS);
}

/**
 * The `k` most similar others of every point, nearly: points are put into 1.6 · √n lists by nearest
 * centre (spherical k-means), each is compared with those in the lists of the nearest centres, both
 * sides taking what is better than they have, and last with the neighbours of its neighbours:
 * without that, people with three pictures are lost. Similarities are exact, `unlisted` is 1:
 * nothing is known of what was not compared. The order of points matters as little as float32
 * rounding does.
 */
export async function invertedListNeighbours(
  points: Points,
  k: number,
  { products, step, probes = PROBES }: InvertedListOptions,
): Promise<Neighbours> {
  const { count } = points;
  if (count === 0) return await nearestNeighbours(points, k, { products, step });
  const lists = listCount(count);
  const { training, before, after } = workOf(count, { k, products, probes });
  const share = (from: number, size: number): Step => (part) =>
    step((from + Math.min(1, part) * size) / (before + after));
  const centres = await sphericalKMeans(points, lists, { products, step: share(0, training) });
  const probed = await nearestLists(points, centres, {
    probes: Math.min(probes, lists),
    products,
    step: share(training, before - training),
  });
  return await compared(points, probed, { k, products, step: share(before, after) });
}

async function compared(
  points: Points,
  { lists, probes, ids }: Probed,
  { k, products, step }: InvertedListOptions & { k: number },
): Promise<Neighbours> {
  const { dim, count } = points;
  const { rowBlock, columnBlock } = products;
  const nearest = new Int32Array(count);
  for (let p = 0; p < count; p++) nearest[p] = ids[p * probes];
  const { starts, members: order } = membersOf({ of: nearest, count: lists });
  const moved = moveByLists(points, { order, room: columnBlock, step });
  const idsInOrder = new Int32Array(ids.length);
  for (let at = 0; at < count; at++) {
    idsInOrder.set(ids.subarray(order[at] * probes, (order[at] + 1) * probes), at * probes);
  }
  const probers = membersOf({ of: idsInOrder, count: lists + 1 });
  const found = tileLists(count, { k, rows: rowBlock, columns: columnBlock, unique: true });
  const positions = Int32Array.from(order, (_, at) => at);
  let all = 0;
  for (let l = 0; l < lists; l++) {
    all += MERGED * (starts[l + 1] - starts[l]) * (probers.starts[l + 1] - probers.starts[l]);
  }
  const exact = products.pace * count * k;
  const total = all + products.pace * singles(count, k);
  let done = 0;
  for (let l = 0; l < lists; l++) {
    for (let left = probers.starts[l]; left < probers.starts[l + 1]; left += columnBlock) {
      const columns = probers.members
        .subarray(left, Math.min(left + columnBlock, probers.starts[l + 1]))
        .map((at) => Math.floor(at / probes));
      const right = moved.gathered(columns);
      for (let top = starts[l]; top < starts[l + 1]; top += rowBlock) {
        step(done / total);
        const bottom = Math.min(top + rowBlock, starts[l + 1]);
        const rows = moved.vectors.subarray(top * dim, bottom * dim);
        const size = (bottom - top) * columns.length;
        await writeTile(found, products.products(rows, right, dim, found.tile), size);
        found.merge(positions.subarray(top, bottom), columns);
        done += MERGED * size;
      }
    }
  }
  const near = refined(moved, found, (part) => step((all + part * exact) / total));
  viaNeighbours(
    moved,
    near,
    (part) => step((all + exact + part * (total - all - exact)) / total),
  );
  return inFormerOrder(near, order);
}

/**
 * The points list by list, which makes neighbours of neighbours in memory, and behind them `room`
 * to put any of them side by side.
 */
function moveByLists(
  { vectors, dim, count }: Points,
  { order, room, step }: { order: Int32Array; room: number; step: Step },
): Points & { gathered(places: Int32Array): Float32Array } {
  const moved = new Float32Array((count + room) * dim);
  for (let at = 0; at < count; at++) {
    if (at % 4096 === 0) step(0);
    moved.set(vectors.subarray(order[at] * dim, (order[at] + 1) * dim), at * dim);
  }
  return {
    vectors: moved,
    dim,
    count,
    gathered(places) {
      const start = count * dim;
      places.forEach((place, i) => {
        moved.copyWithin(start + i * dim, place * dim, (place + 1) * dim);
      });
      return moved.subarray(start, start + places.length * dim);
    },
  };
}

/** Lists of points in this order as those of the points themselves. */
function inFormerOrder({ k, ids, similarities }: Neighbours, order: Int32Array): Neighbours {
  const former = {
    k,
    ids: new Int32Array(ids.length).fill(-1),
    similarities: new Float64Array(ids.length),
    unlisted: new Float64Array(order.length).fill(1),
  };
  for (let at = 0; at < order.length; at++) {
    const to = order[at] * k;
    for (let i = 0; i < k; i++) {
      const id = ids[at * k + i];
      former.ids[to + i] = id < 0 ? id : order[id];
      former.similarities[to + i] = similarities[at * k + i];
    }
  }
  return former;
}
