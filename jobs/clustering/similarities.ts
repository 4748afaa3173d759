import { type Points, similarity } from "./points.ts";

/**
 * `similarity` of one point to several others, written to the beginning of `into`: the very same
 * numbers, four sums at a time, which takes a third of the time of one after the other.
 */
export function similarities(
  points: Points,
  point: number,
  { ids, into }: { ids: Int32Array; into: Float64Array },
): void {
  const { vectors, dim } = points;
  const inFours = ids.length - ids.length % 4;
  for (let at = 0; at < inFours; at += 4) {
    const p = point * dim;
    const q = ids[at] * dim, r = ids[at + 1] * dim, s = ids[at + 2] * dim, t = ids[at + 3] * dim;
    let toQ = 0, toR = 0, toS = 0, toT = 0;
    for (let i = 0; i < dim; i++) {
      const x = vectors[p + i];
      const fromQ = x - vectors[q + i], fromR = x - vectors[r + i];
      const fromS = x - vectors[s + i], fromT = x - vectors[t + i];
      toQ += fromQ * fromQ;
      toR += fromR * fromR;
      toS += fromS * fromS;
      toT += fromT * fromT;
    }
    into[at] = 1 - toQ / 2;
    into[at + 1] = 1 - toR / 2;
    into[at + 2] = 1 - toS / 2;
    into[at + 3] = 1 - toT / 2;
  }
  for (let at = inFours; at < ids.length; at++) into[at] = similarity(points, point, ids[at]);
}
