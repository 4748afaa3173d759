/** Union–find over 0 … count − 1, as one array of parents: make with `disjointSets(count)`. */
export type DisjointSets = Int32Array;

export function disjointSets(count: number): DisjointSets {
  return Int32Array.from({ length: count }, (_, i) => i);
}

/** The representative of x's set; halves the path on the way. */
export function find(sets: DisjointSets, x: number): number {
  while (sets[x] !== x) {
    sets[x] = sets[sets[x]];
    x = sets[x];
  }
  return x;
}

/** Merges a's set into b's and answers the representative left, or −1 if they were one already. */
export function union(sets: DisjointSets, a: number, b: number): number {
  const from = find(sets, a), into = find(sets, b);
  if (from === into) return -1;
  sets[from] = into;
  return into;
}

/** Numbers the sets 0, 1, … by first member: the set of each element, and how many there are. */
export function numbered(sets: DisjointSets): { of: Int32Array; count: number } {
  const of = new Int32Array(sets.length);
  const numbers = new Int32Array(sets.length).fill(-1);
  let count = 0;
  for (let x = 0; x < sets.length; x++) {
    const root = find(sets, x);
    if (numbers[root] < 0) numbers[root] = count++;
    of[x] = numbers[root];
  }
  return { of, count };
}

/** Members of each numbered set: set s is `members[starts[s]] … members[starts[s + 1] − 1]`. */
export function membersOf(
  { of, count }: { of: Int32Array; count: number },
): { starts: Int32Array; members: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const s of of) starts[s + 1]++;
  for (let s = 0; s < count; s++) starts[s + 1] += starts[s];
  const next = starts.slice(0, count);
  const members = new Int32Array(of.length);
  for (let x = 0; x < of.length; x++) members[next[of[x]]++] = x;
  return { starts, members };
}
