/** How one grouping differs from another: numbers of groups, and of faces that moved. */
export interface Difference {
  same: number;
  grown: number;
  changed: number;
  made: number;
  gone: number;
  facesMoved: number;
}

/**
 * What became of groups. `before` and `after` hold the group of each face, 0 for none, face by face;
 * a group that goes on has the same number in both (see reconcile). Groups that kept all their faces
 * are the same or, with others besides, grown; those that lost some are changed. A face has moved
 * when its group is another one than before, or none.
 */
export function differenceOf(before: ArrayLike<number>, after: ArrayLike<number>): Difference {
  const comparison = createComparison();
  for (let face = 0; face < before.length; face++) comparison.add(before[face], after[face]);
  return comparison.difference();
}

/** differenceOf for whoever cannot hold the thread for a whole library: the faces one by one. */
export interface Comparison {
  add(from: number, to: number): void;
  difference(): Difference;
}

export function createComparison(): Comparison {
  const groups = new Map<number, { was: boolean; is: boolean; lost: number; gained: number }>();
  let facesMoved = 0;
  const group = (id: number) => {
    let known = groups.get(id);
    if (!known) groups.set(id, known = { was: false, is: false, lost: 0, gained: 0 });
    return known;
  };
  return {
    add(from, to) {
      const left = from === 0 ? null : group(from);
      const joined = to === 0 ? null : group(to);
      if (left) left.was = true;
      if (joined) joined.is = true;
      if (from === to) return;
      facesMoved++;
      if (left) left.lost++;
      if (joined) joined.gained++;
    },
    difference() {
      const difference = { same: 0, grown: 0, changed: 0, made: 0, gone: 0, facesMoved };
      for (const { was, is, lost, gained } of groups.values()) {
        if (!was) difference.made++;
        else if (!is) difference.gone++;
        else if (lost > 0) difference.changed++;
        else if (gained > 0) difference.grown++;
        else difference.same++;
      }
      return difference;
    },
  };
}
