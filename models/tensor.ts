/**
 * How a model wants its pixels: value = (pixel / 255 − mean) / std, `mean` and `std` for R, G, B.
 * `order` is that of the planes, R, G, B where it is absent.
 */
export interface Normalisation {
  mean: [number, number, number];
  std: [number, number, number];
  order?: "rgb" | "bgr";
}

/**
 * RGB pixels of several pictures of one size as the planes a graph reads: [pictures, 3, pixels].
 * Throws an Error if a picture has another length than the first.
 */
export function toPlanes(
  pictures: Uint8Array[],
  { mean, std, order }: Normalisation,
): Float32Array {
  const length = pictures[0].length;
  const area = length / 3;
  // 768 possible results: a look-up is three times as fast as the arithmetic.
  const [red, green, blue] = mean.map((value, channel) =>
    Float32Array.from({ length: 256 }, (_, level) => (level / 255 - value) / std[channel])
  );
  const planes = new Float32Array(pictures.length * length);
  for (const [index, pixels] of pictures.entries()) {
    if (pixels.length !== length) {
      throw new Error(`Pictures of one batch differ: ${pixels.length} bytes, expected ${length}`);
    }
    const plane = (at: number) => planes.subarray(index * length + at * area).subarray(0, area);
    const reds = plane(order === "bgr" ? 2 : 0);
    const greens = plane(1);
    const blues = plane(order === "bgr" ? 0 : 2);
    // All three at once: the pixels are read once, and in their order.
    for (let at = 0, pixel = 0; at < area; at++, pixel += 3) {
      reds[at] = red[pixels[pixel]];
      greens[at] = green[pixels[pixel + 1]];
      blues[at] = blue[pixels[pixel + 2]];
    }
  }
  return planes;
}

/**
 * A copy of the vector with length 1. Throws an Error if it has none (zeros or NaN): such a vector
 * would be near to nothing or to everything in every search.
 */
export function normalised(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const norm = Math.sqrt(sum);
  if (!(norm > 0 && norm < Infinity)) {
    throw new Error(`The model gave a vector of length ${norm}; its weights may be damaged`);
  }
  return vector.map((value) => value / norm);
}
