/** One thing a query compares with, times its weight: words or a picture. */
export interface Part {
  kind: "text" | "picture";
  weight: number;
  /** A unit vector; zeros where the model knows none of the words. */
  vector: Float32Array;
}

/**
 * The direction of the sum of all parts, each times its weight; null where nothing is left of it,
 * because the model knows none of the words or the parts cancel each other out.
 */
export function combine(parts: Pick<Part, "vector" | "weight">[]): Float32Array | null {
  if (parts.length === 0) return null;
  const sum = new Float32Array(parts[0].vector.length);
  for (const { vector, weight } of parts) {
    for (let i = 0; i < sum.length; i++) sum[i] += weight * vector[i];
  }
  const length = Math.hypot(...sum);
  // Float32 leaves crumbs of what cancels out; they point anywhere.
  return length < 1e-4 ? null : sum.map((value) => value / length);
}

/** The shape of a query, whatever it asks for: its random counterparts are put together the same way. */
export const shapeOf = (parts: Part[]): string =>
  parts.map(({ kind, weight }) => `${weight > 0 ? "+" : "-"}${kind}`).sort().join("");
