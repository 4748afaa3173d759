import type { Point } from "./align.ts";

/** A face in pixels of the picture it was looked for in. */
export interface Candidate {
  /** x, y, width, height; may reach beyond the edges. */
  box: [number, number, number, number];
  /** Five points: left eye, right eye, nose, left and right corner of the mouth, as seen in the picture. */
  landmarks: Point[];
  /** 0…1. */
  score: number;
}

/** A graph's output: numbers and their shape. */
export interface Output {
  data: Float32Array;
  dims: readonly number[];
}

/** What decoding a detector's outputs needs: its input's sides, and its pixels per picture pixel. */
export interface Frame {
  width: number;
  height: number;
  scaleX: number;
  scaleY: number;
}

/** The levels of both detectors' feature pyramids: pixels of the input per cell. */
export const STRIDES = [8, 16, 32];

/** Non-maximum suppression: best first, without those that overlap a better one by more than `most`. */
export function suppress(candidates: Candidate[], most: number): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => overlap(box, candidate.box) <= most)) kept.push(candidate);
  }
  return kept;
}

/** Intersection over union of two boxes (x, y, width, height), 0…1. */
export function overlap(a: Candidate["box"], b: Candidate["box"]): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a[2] * a[3] + b[2] * b[3] - shared);
}
