import type { RgbImage } from "./types.ts";

export type Point = [number, number];

/** x' = a·x − b·y + tx, y' = b·x + a·y + ty: rotation, one scale, translation. */
export interface Similarity {
  a: number;
  b: number;
  tx: number;
  ty: number;
}

// Where ArcFace was trained to find eyes, nose and corners of the mouth, in 112×112 pixels
// (InsightFace's arcface_dst; Deng et al. 2019).
const TEMPLATE_SIDE = 112;
const TEMPLATE: Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/**
 * The similarity transform that takes `from` to `to` with the least squared distance (Umeyama 1991;
 * in the plane the solution is closed). Throws an Error if all points of `from` are one.
 */
export function fitSimilarity(from: Point[], to: Point[]): Similarity {
  const [fromX, fromY] = centre(from);
  const [toX, toY] = centre(to);
  let dot = 0;
  let cross = 0;
  let spread = 0;
  for (const [i, [x, y]] of from.entries()) {
    const [dx, dy] = [x - fromX, y - fromY];
    const [du, dv] = [to[i][0] - toX, to[i][1] - toY];
    dot += dx * du + dy * dv;
    cross += dx * dv - dy * du;
    spread += dx * dx + dy * dy;
  }
  if (!(spread > 0)) throw new Error("Cannot align a face whose landmarks are one point");
  const [a, b] = [dot / spread, cross / spread];
  return { a, b, tx: toX - a * fromX + b * fromY, ty: toY - b * fromX - a * fromY };
}

/**
 * The face turned upright and cut out, `side` × `side` RGB, bilinear, black beyond the picture's
 * edge. `landmarks` are five points in pixels of `image`.
 */
export function alignFace(image: RgbImage, landmarks: Point[], side = TEMPLATE_SIDE): Uint8Array {
  const scale = side / TEMPLATE_SIDE;
  const template = TEMPLATE.map(([x, y]): Point => [x * scale, y * scale]);
  // From the crop to the picture, since every pixel of the crop is looked up there.
  return warp(image, fitSimilarity(template, landmarks), side);
}

function warp(image: RgbImage, { a, b, tx, ty }: Similarity, side: number): Uint8Array {
  const { data, width, height } = image;
  const crop = new Uint8Array(side * side * 3);
  const row = width * 3;
  for (let v = 0, at = 0; v < side; v++) {
    for (let u = 0; u < side; u++, at += 3) {
      const x = a * u - b * v + tx;
      const y = b * u + a * v + ty;
      const left = Math.floor(x);
      const top = Math.floor(y);
      // Neighbours beyond the edge are black: they count nothing, and the nearest pixel is read.
      const right = left + 1 >= 0 && left + 1 < width ? x - left : 0;
      const near = left >= 0 && left < width ? 1 - x + left : 0;
      const below = top + 1 >= 0 && top + 1 < height ? y - top : 0;
      const above = top >= 0 && top < height ? 1 - y + top : 0;
      const first = Math.min(width - 1, Math.max(0, left)) * 3;
      const second = Math.min(width - 1, Math.max(0, left + 1)) * 3;
      const upper = Math.min(height - 1, Math.max(0, top)) * row;
      const lower = Math.min(height - 1, Math.max(0, top + 1)) * row;
      for (let channel = 0; channel < 3; channel++) {
        crop[at + channel] = 0.5 +
          above * (near * data[upper + first + channel] + right * data[upper + second + channel]) +
          below * (near * data[lower + first + channel] + right * data[lower + second + channel]);
      }
    }
  }
  return crop;
}

function centre(points: Point[]): Point {
  const sum = points.reduce(([x, y], [px, py]): Point => [x + px, y + py], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}
