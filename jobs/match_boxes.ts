import { overlap } from "../models/candidates.ts";

/** Boxes that share at least this much (intersection over union) are one face, as in COCO's AP50. */
const SAME_FACE = 0.5;

/**
 * Which of the boxes `after` is which of `before` (x, y, width, height), index to index: greedily
 * by overlap, one to one; those that overlap by less than half are not in the answer.
 */
export function matchBoxes(after: number[][], before: number[][]): Map<number, number> {
  type Box = Parameters<typeof overlap>[0];
  const pairs = after.flatMap((one, index) =>
    before.map((other, there) => ({ index, there, shared: overlap(one as Box, other as Box) }))
  ).filter(({ shared }) => shared >= SAME_FACE).sort((a, b) => b.shared - a.shared);
  const matched = new Map<number, number>();
  const taken = new Set<number>();
  for (const { index, there } of pairs) {
    if (matched.has(index) || taken.has(there)) continue;
    matched.set(index, there);
    taken.add(there);
  }
  return matched;
}
