import { type ConstrainedSets, mayUnite, unite } from "./constraints.ts";
import { compareContents, contentOrder } from "./content_order.ts";
import { disjointSets, find, membersOf, numbered, union } from "./disjoint_sets.ts";
import { addEdge, AT_ONCE, type Edges, noEdges, strongestFirst } from "./edges.ts";
import { medoid, product, sumOf } from "./medoid.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Points } from "./points.ts";
import type { Labelling } from "./select.ts";
import type { Step } from "./steps.ts";

/** Near-duplicates as one: groups of points, each with the point that stands for it. */
export interface Groups {
  of: Int32Array;
  count: number;
  representatives: Int32Array;
}

/** Every point as a group of its own. */
export function singleGroups(count: number): Groups {
  const each = disjointSets(count);
  return { of: each, count, representatives: each };
}

interface PermittedOptions {
  /** Cosine from which two points count as one. */
  threshold: number;
  bound: ConstrainedSets;
  step: Step;
}

/**
 * The `components` of near-duplicates, less what constraints forbid: their listed pairs are joined
 * from the nearest on, as long as the two sides do not exclude each other; what is connected beyond
 * the lists only (a burst longer than they are) then in the order of its contents. `bound` is
 * changed accordingly.
 */
export function permittedGroups(
  points: Points,
  { neighbours, components }: {
    neighbours: Neighbours;
    components: { of: Int32Array; count: number };
  },
  { threshold, bound, step }: PermittedOptions,
): { of: Int32Array; count: number } {
  const copies = disjointSets(points.count);
  const join = (p: number, q: number) => {
    if (find(copies, p) === find(copies, q) || !mayUnite(bound, p, q)) return;
    unite(bound, p, q);
    union(copies, p, q);
  };
  const pairs = pairsFrom(threshold, neighbours, (part) => step(part * .3));
  const tie = contentOrder(points, pairs, disjointSets(points.count));
  let seen = 0;
  for (const some of strongestFirst(pairs, tie)) {
    step(.4 + .3 * seen / pairs.count);
    seen += some.length;
    for (const e of some) join(pairs.from[e], pairs.to[e]);
  }
  const { starts, members } = membersOf(components);
  for (let c = 0; c < components.count; c++) {
    if (c % AT_ONCE === 0) step(.7 + .3 * c / components.count);
    const all = members.subarray(starts[c], starts[c + 1]);
    if (all.every((p) => find(copies, p) === find(copies, all[0]))) continue;
    const firsts = firstsOf(points, all, copies);
    for (let i = 1; i < firsts.length; i++) {
      step(.7 + .3 * c / components.count);
      for (let j = 0; j < i; j++) join(firsts[i], firsts[j]);
    }
  }
  return numbered(copies);
}

/** Of each set among the members the first by content, in that order. */
function firstsOf(points: Points, members: Int32Array, sets: Int32Array): number[] {
  const firsts = new Map<number, number>();
  for (const p of members) {
    const set = find(sets, p), first = firsts.get(set);
    if (first === undefined || compareContents(points, p, first) < 0) firsts.set(set, p);
  }
  return [...firsts.values()].sort((p, q) => compareContents(points, p, q));
}

function pairsFrom(
  threshold: number,
  { k, ids, similarities, unlisted }: Neighbours,
  step: Step,
): Edges {
  const points: number[] = [], places: number[] = [];
  for (let p = 0; p < unlisted.length; p++) {
    if (p % AT_ONCE === 0) step(p / unlisted.length);
    for (let at = p * k; at < (p + 1) * k && similarities[at] >= threshold; at++) {
      points.push(p);
      places.push(at);
    }
  }
  const pairs = noEdges(points.length);
  places.forEach((at, i) => {
    addEdge(pairs, points[i], { to: ids[at], weight: similarities[at], cosine: similarities[at] });
  });
  return pairs;
}

/**
 * Adds to each component the point that stands for it: its medoid, and of those that tie the one
 * furthest from the mean of all points that have near-duplicates, as blurred faces drift towards
 * that.
 */
export function withRepresentatives(
  points: Points,
  components: { of: Int32Array; count: number },
  step: Step,
): Groups {
  const { starts, members } = membersOf(components);
  const alone = (g: number) => starts[g + 1] - starts[g] === 1;
  const mean = sumOf(points, members.filter((p) => !alone(components.of[p])), step);
  const representatives = new Int32Array(components.count);
  for (let g = 0; g < components.count; g++) {
    if (g % AT_ONCE === 0) step(starts[g] / points.count);
    representatives[g] = alone(g)
      ? members[starts[g]]
      : medoid(points, members.subarray(starts[g], starts[g + 1]), {
        step,
        further: (p) => -product(points, p, { other: mean, at: 0 }),
      });
  }
  step(1);
  return { ...components, representatives };
}

/**
 * Gives every point the label and strength of its representative. Points whose representative is
 * noise are a cluster of their own, with strength 1, where they are a group of `minClusterSize` or
 * more (that many pictures of one face are a person even if nothing else resembles them) or are of
 * the several confirmed points of a person, who stay `together`.
 */
export function expandLabels(
  { labels, strengths }: Labelling,
  groups: Groups,
  { minClusterSize, together }: { minClusterSize: number; together: Int32Array[] },
): Labelling {
  const sizes = new Int32Array(groups.count);
  for (const g of groups.of) sizes[g]++;
  const labelOf = labels.slice(), strengthOf = strengths.slice();
  let next = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const own = (some: Iterable<number>) => {
    for (const g of some) [labelOf[g], strengthOf[g]] = [next, 1];
    next++;
  };
  for (const points of together) {
    if (labelOf[groups.of[points[0]]] < 0) own(Array.from(points, (p) => groups.of[p]));
  }
  for (let g = 0; g < groups.count; g++) {
    if (labelOf[g] < 0 && sizes[g] >= minClusterSize) own([g]);
  }
  return {
    labels: groups.of.map((g) => labelOf[g]),
    strengths: Float32Array.from(groups.of, (g) => strengthOf[g]),
  };
}
