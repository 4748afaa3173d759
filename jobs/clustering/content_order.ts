import type { Edges } from "./edges.ts";
import type { Points } from "./points.ts";

/**
 * Compares points by what they are, element for element: an order that does not depend on where in
 * the input they stand.
 */
export function compareContents({ vectors, dim }: Points, p: number, q: number): number {
  if (p === q) return 0;
  for (let i = p * dim, j = q * dim, end = i + dim; i < end; i++, j++) {
    if (vectors[i] !== vectors[j]) return vectors[i] - vectors[j];
  }
  return 0;
}

/** The same for edges between vertices, which are the points `rows`. */
export function contentOrder(
  points: Points,
  { from, to }: Edges,
  rows: Int32Array,
): (one: number, other: number) => number {
  const ends = (e: number) => {
    const [p, q] = [rows[from[e]], rows[to[e]]];
    return compareContents(points, p, q) <= 0 ? [p, q] : [q, p];
  };
  return (one, other) => {
    const [p, q] = ends(one), [r, s] = ends(other);
    return compareContents(points, p, r) || compareContents(points, q, s);
  };
}
