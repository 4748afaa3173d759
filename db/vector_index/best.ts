/** The rows of the highest scores seen so far. */
export interface Best {
  offer(row: number, score: number): void;
  /** Best first; of equal scores the lower row. */
  sorted(): { row: number; score: number }[];
}

/** Keeps the best `k`, as a binary heap with the lowest of them on top. */
export function createBest(k: number): Best {
  const rows = new Float64Array(k), scores = new Float64Array(k);
  let count = 0;

  const swap = (a: number, b: number) => {
    [rows[a], rows[b]] = [rows[b], rows[a]];
    [scores[a], scores[b]] = [scores[b], scores[a]];
  };
  const rise = (at: number) => {
    for (let up = (at - 1) >> 1; at > 0 && scores[at] < scores[up]; at = up, up = (at - 1) >> 1) {
      swap(at, up);
    }
  };
  const sink = () => {
    for (let at = 0;;) {
      const left = 2 * at + 1, right = left + 1;
      let least = at;
      if (left < count && scores[left] < scores[least]) least = left;
      if (right < count && scores[right] < scores[least]) least = right;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };

  return {
    offer(row, score) {
      if (count < k) {
        rows[count] = row;
        scores[count] = score;
        rise(count++);
      } else if (count > 0 && score > scores[0]) {
        rows[0] = row;
        scores[0] = score;
        sink();
      }
    },
    sorted: () =>
      Array.from({ length: count }, (_, i) => ({ row: rows[i], score: scores[i] }))
        .sort((a, b) => b.score - a.score || a.row - b.row),
  };
}
