import type { Neighbours } from "./neighbours.ts";
import type { Points } from "./points.ts";
import { similarities } from "./similarities.ts";
import type { Step } from "./steps.ts";

/** Of a point's neighbours and of theirs, how many the last pass looks at. */
const NEAR = 3;

/** Similarities that this computes for a point, about. */
export const VIA_NEIGHBOURS = NEAR * NEAR / 2;

/** Offers every point the nearest neighbours of its nearest neighbours, and it to them. */
export function viaNeighbours(points: Points, neighbours: Neighbours, step: Step): void {
  const { k } = neighbours;
  const near = Math.min(NEAR, k);
  // As they are before the first offer, so that the order of points does not matter.
  const ids = neighbours.ids.slice();
  const candidates = new Int32Array(near * near), cosines = new Float64Array(near * near);
  for (let p = 0; p < points.count; p++) {
    if (p % 256 === 0) step(p / points.count);
    let length = 0;
    for (let a = p * k; a < p * k + near && ids[a] >= 0; a++) {
      for (let b = ids[a] * k; b < ids[a] * k + near && ids[b] >= 0; b++) {
        const q = ids[b];
        if (q === p || candidates.subarray(0, length).includes(q) || lists(neighbours, p, q)) {
          continue;
        }
        candidates[length++] = q;
      }
    }
    similarities(points, p, { ids: candidates.subarray(0, length), into: cosines });
    for (let c = 0; c < length; c++) {
      offer(neighbours, p, { id: candidates[c], similarity: cosines[c] });
      offer(neighbours, candidates[c], { id: p, similarity: cosines[c] });
    }
  }
  step(1);
}

function lists({ k, ids }: Neighbours, p: number, q: number): boolean {
  for (let at = p * k; at < (p + 1) * k; at++) if (ids[at] === q) return true;
  return false;
}

function offer(
  neighbours: Neighbours,
  p: number,
  { id, similarity }: { id: number; similarity: number },
): void {
  const { k, ids, similarities } = neighbours;
  let at = (p + 1) * k - 1;
  if (similarities[at] >= similarity || lists(neighbours, p, id)) return;
  for (; at > p * k && similarities[at - 1] < similarity; at--) {
    similarities[at] = similarities[at - 1];
    ids[at] = ids[at - 1];
  }
  similarities[at] = similarity;
  ids[at] = id;
}
