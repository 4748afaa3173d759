import { open } from "./image.ts";
import type { Point } from "./align.ts";
import type { RgbImage } from "./types.ts";

/** A face in pixels of the picture it was looked for in. */
export interface Candidate {
  /** x, y, width, height; may reach beyond the edges. */
  box: [number, number, number, number];
  landmarks: Point[];
  /** 0…1. */
  score: number;
}

/** A graph's output: numbers and their shape. */
export interface Output {
  data: Float32Array;
  dims: readonly number[];
}

/** The picture in the top left corner of a black square, and pixels of the square per picture pixel. */
export interface Letterbox {
  pixels: Uint8Array;
  scaleX: number;
  scaleY: number;
}

// The levels of SCRFD's feature pyramid (Guo et al. 2021): pixels of the input per cell.
const STRIDES = [8, 16, 32];
// Above this overlap two boxes are one face; InsightFace's value.
const SAME_FACE = 0.4;

/** Fits the picture into `size` × `size`, enlarging small ones as SCRFD's own pipeline does. */
export async function letterbox(image: RgbImage, size: number): Promise<Letterbox> {
  const scale = size / Math.max(image.width, image.height);
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const pixels = await open(image)
    .resize(width, height, { fit: "fill", kernel: "linear" })
    .extend({ right: size - width, bottom: size - height, background: "#000000" })
    .raw().toBuffer();
  return { pixels, scaleX: width / image.width, scaleY: height / image.height };
}

/**
 * Faces in SCRFD's nine outputs (scores, boxes and five landmarks at three strides), in pixels of
 * the original picture, best first, doubles removed. Shapes are read from the outputs: exports
 * differ in order, in a leading batch axis and in anchors per cell. Throws an Error if there are not
 * three outputs of each kind, or their sizes do not fit `size`.
 */
export function decodeScrfd(
  outputs: Output[],
  options: { size: number; minScore: number; scaleX: number; scaleY: number },
): Candidate[] {
  const [scores, boxes, points] = [1, 4, 10].map((columns) => ofKind(outputs, columns));
  const candidates: Candidate[] = [];
  for (const [level, stride] of STRIDES.entries()) {
    const score = scores[level].data;
    const cells = Math.floor(options.size / stride);
    const anchors = score.length / (cells * cells);
    if (!Number.isInteger(anchors) || anchors === 0) {
      throw new Error(
        `The detector gave ${score.length} scores at stride ${stride}; ` +
          `a ${options.size} pixel input has ${cells * cells} cells there`,
      );
    }
    for (let at = 0; at < score.length; at++) {
      if (!(score[at] >= options.minScore)) continue;
      const cell = Math.floor(at / anchors);
      const x = (cell % cells) * stride;
      const y = Math.floor(cell / cells) * stride;
      const [left, top, right, bottom] = scaled(boxes[level].data, at * 4, 4, stride);
      const offsets = scaled(points[level].data, at * 10, 10, stride);
      candidates.push({
        box: [
          (x - left) / options.scaleX,
          (y - top) / options.scaleY,
          (left + right) / options.scaleX,
          (top + bottom) / options.scaleY,
        ],
        landmarks: [0, 2, 4, 6, 8].map((i): Point => [
          (x + offsets[i]) / options.scaleX,
          (y + offsets[i + 1]) / options.scaleY,
        ]),
        score: Math.min(1, score[at]),
      });
    }
  }
  return suppress(candidates);
}

/** Non-maximum suppression: best first, without those that overlap a better one (IoU > 0.4). */
export function suppress(candidates: Candidate[]): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => overlap(box, candidate.box) <= SAME_FACE)) kept.push(candidate);
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

// Three outputs of so many columns, the finest stride, which has the most rows, first.
function ofKind(outputs: Output[], columns: number): Output[] {
  const kind = outputs.filter(({ dims }) => dims.at(-1) === columns);
  if (kind.length !== STRIDES.length) {
    const shapes = outputs.map(({ dims }) => `[${dims.join(", ")}]`).join(", ");
    throw new Error(`The detector is no SCRFD with landmarks: its outputs are ${shapes}`);
  }
  return kind.toSorted((a, b) => b.data.length - a.data.length);
}

function scaled(values: Float32Array, from: number, count: number, stride: number): number[] {
  return Array.from(values.subarray(from, from + count), (value) => value * stride);
}
