import type { Point } from "./align.ts";

/** What the quality of a face is made from. */
export interface FaceTraits {
  /** The box's shorter side in pixels of the preview. */
  side: number;
  /** 0…1, see `frontality`. */
  pose: number;
  /** Variance of the Laplacian, see `sharpness`. */
  sharpness: number;
  /** Detection score, 0…1. */
  score: number;
  /** The part of the box within the picture, 0…1. */
  visible: number;
}

// Each figure saturates: a face of 40 pixels or of variance 100 has 63 % of what can be had.
// 40 pixels are about a third of the recogniser's 112; aligned crops of sharp portraits measure
// 200 to 2000, and blurred by 3 pixels below 30.
const SIDE_SCALE = 40;
const SHARPNESS_SCALE = 100;

/**
 * One figure, 0…1, for how much a face's embedding can be trusted. It rises with size, frontal pose,
 * sharpness and score, and one bad trait is enough to spoil it: the square root of their product,
 * times the part of the face that the picture's edge leaves.
 */
export function faceQuality({ side, pose, sharpness, score, visible }: FaceTraits): number {
  const size = 1 - Math.exp(-Math.max(0, side) / SIDE_SCALE);
  const focus = 1 - Math.exp(-Math.max(0, sharpness) / SHARPNESS_SCALE);
  return unit(visible) * Math.sqrt(size * focus * unit(pose) * unit(score));
}

/**
 * How frontal a face is, 0…1, from its five landmarks, however it is turned in the picture: 1 with
 * the nose midway between the eyes and midway between eyes and mouth, 0 with it at or beyond
 * either (profile, or looking straight up or down).
 */
export function frontality([left, right, nose, mouthLeft, mouthRight]: Point[]): number {
  const eyes: Point = [right[0] - left[0], right[1] - left[1]];
  const width = eyes[0] ** 2 + eyes[1] ** 2;
  const middle: Point = [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2];
  const down = (x: number, y: number) => (y - middle[1]) * eyes[0] - (x - middle[0]) * eyes[1];
  const mouth = down((mouthLeft[0] + mouthRight[0]) / 2, (mouthLeft[1] + mouthRight[1]) / 2);
  if (!(width > 0) || !(mouth > 0)) return 0;
  const across = ((nose[0] - left[0]) * eyes[0] + (nose[1] - left[1]) * eyes[1]) / width;
  return centred(across) * centred(down(nose[0], nose[1]) / mouth);
}

/**
 * The variance of the Laplacian of the luma of a square RGB crop (Pech-Pacheco et al. 2000): 0 for a
 * flat one, hundreds for a sharp portrait.
 */
export function sharpness(crop: Uint8Array, side: number): number {
  const luma = new Float32Array(side * side);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * crop[i * 3] + 0.587 * crop[i * 3 + 1] + 0.114 * crop[i * 3 + 2];
  }
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const i = y * side + x;
      const edge = luma[i - 1] + luma[i + 1] + luma[i - side] + luma[i + side] - 4 * luma[i];
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = (side - 2) ** 2;
  return Math.max(0, squares / count - (sum / count) ** 2);
}

// 1 in the middle of 0…1, 0 at its ends and beyond; flat in the middle, where faces look ahead.
function centred(position: number): number {
  const distance = Math.min(1, Math.abs(2 * position - 1));
  return 1 - distance ** 2;
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
