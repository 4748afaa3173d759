import { type DisjointSets, disjointSets, find, membersOf, union } from "./disjoint_sets.ts";

/**
 * What holds between points whatever their similarity. "Always together" wins over "never": two
 * confirmed faces of one person in one photo stay together.
 */
export interface Constraints {
  /** Per point, a number of the photo it lies in: two points of one photo are never together. */
  photos?: Int32Array;
  /** Per point, its confirmed person: the same are always together, different ones never. −1: none. */
  people?: Int32Array;
  /** No point of `one` is ever together with any point of `other`. */
  apart?: { one: Int32Array; other: Int32Array }[];
}

/**
 * Union–find over points that knows which sets may not become one: make with `constrainedSets`,
 * change with `unite` only.
 */
export interface ConstrainedSets {
  sets: DisjointSets;
  /** Per set representative: the confirmed person in it, or −1. */
  person: Int32Array;
  /**
   * Per point, what it excludes: −1 − photo, or twice the number of an `apart` pair, plus 1 on the
   * other side. Kept as one array, as most points have one entry or none.
   */
  keys: { starts: Int32Array; of: Int32Array };
  /** Per set representative: the keys of all its points, once there are several points. */
  gathered: (Set<number> | undefined)[];
  /** Pairs of representatives that were refused: larger sets meet along thousands of edges. */
  refused: Set<number>;
}

/** Throws a RangeError where `constraints` does not fit `count` points. */
export function checkConstraints({ photos, people, apart }: Constraints, count: number): void {
  for (const [name, values] of Object.entries({ photos, people })) {
    if (values && values.length !== count) {
      throw new RangeError(
        `constraints.${name} has ${values.length} entries for ${count} points; pass one for each`,
      );
    }
  }
  apart?.forEach(({ one, other }, at) => {
    const outside = one.find((p) => p < 0 || p >= count) ?? other.find((p) => p < 0 || p >= count);
    if (outside !== undefined) {
      throw new RangeError(
        `constraints.apart[${at}] names point ${outside}; there are points 0 to ${count - 1}`,
      );
    }
  });
}

/** One set for each point, and one for all confirmed faces of a person. */
export function constrainedSets(count: number, constraints: Constraints): ConstrainedSets {
  const bound: ConstrainedSets = {
    sets: disjointSets(count),
    person: constraints.people?.slice() ?? new Int32Array(count).fill(-1),
    keys: keysOf(count, constraints),
    gathered: new Array(count),
    refused: new Set(),
  };
  for (const members of confirmedTogether(constraints)) {
    for (const p of members) unite(bound, members[0], p);
  }
  return bound;
}

/** The points of each person who has two confirmed ones or more. */
export function confirmedTogether({ people }: Constraints): Int32Array[] {
  if (!people) return [];
  const numbers = new Map<number, number>();
  const of = people.map((person) => {
    if (person < 0) return 0;
    if (!numbers.has(person)) numbers.set(person, numbers.size + 1);
    return numbers.get(person)!;
  });
  const { starts, members } = membersOf({ of, count: numbers.size + 1 });
  return [...numbers.values()].map((n) => members.subarray(starts[n], starts[n + 1]))
    .filter((some) => some.length > 1);
}

/** Whether the sets of a and b may become one, or are one already. */
export function mayUnite(bound: ConstrainedSets, a: number, b: number): boolean {
  const { sets, person, refused } = bound;
  const one = find(sets, a), other = find(sets, b);
  if (one === other) return true;
  if (person[one] >= 0 && person[other] >= 0 && person[one] !== person[other]) return false;
  const pair = Math.min(one, other) * sets.length + Math.max(one, other);
  if (refused.has(pair)) return false;
  const [few, many] = sizeOf(bound, one) < sizeOf(bound, other) ? [one, other] : [other, one];
  for (const key of keysAt(bound, few)) {
    if (!holds(bound, many, key < 0 ? key : key ^ 1)) continue;
    refused.add(pair);
    return false;
  }
  return true;
}

/** Makes one set of those of a and b, unasked, and answers its representative. */
export function unite(bound: ConstrainedSets, a: number, b: number): number {
  const { sets, person, gathered } = bound;
  const one = find(sets, a), other = find(sets, b);
  if (one === other) return one;
  const [few, many] = sizeOf(bound, one) < sizeOf(bound, other) ? [one, other] : [other, one];
  if (sizeOf(bound, few) > 0) {
    const all = gathered[many] ??= new Set(keysAt(bound, many));
    for (const key of keysAt(bound, few)) all.add(key);
  }
  gathered[few] = undefined;
  person[many] = Math.max(person[one], person[other]);
  return union(sets, few, many);
}

function sizeOf({ gathered, keys: { starts } }: ConstrainedSets, set: number): number {
  return gathered[set]?.size ?? starts[set + 1] - starts[set];
}

function keysAt({ gathered, keys: { starts, of } }: ConstrainedSets, set: number) {
  return gathered[set] ?? of.subarray(starts[set], starts[set + 1]);
}

function holds(
  { gathered, keys: { starts, of } }: ConstrainedSets,
  set: number,
  key: number,
): boolean {
  const all = gathered[set];
  if (all) return all.has(key);
  for (let at = starts[set]; at < starts[set + 1]; at++) if (of[at] === key) return true;
  return false;
}

function keysOf(count: number, { photos, apart = [] }: Constraints): ConstrainedSets["keys"] {
  const points: number[] = [], keys: number[] = [];
  if (photos) {
    // A face alone in its photo excludes nobody.
    const faces = new Map<number, number>();
    for (const photo of photos) faces.set(photo, (faces.get(photo) ?? 0) + 1);
    photos.forEach((photo, p) => {
      if (photo < 0 || faces.get(photo) === 1) return;
      points.push(p);
      keys.push(-1 - photo);
    });
  }
  apart.forEach(({ one, other }, pair) => {
    for (const [side, some] of [one, other].entries()) {
      for (const p of some) {
        points.push(p);
        keys.push(2 * pair + side);
      }
    }
  });
  const { starts, members } = membersOf({ of: Int32Array.from(points), count });
  return { starts, of: members.map((at) => keys[at]) };
}
