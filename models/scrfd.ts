import type { Point } from "./align.ts";
import { type Candidate, type Frame, type Output, STRIDES, suppress } from "./candidates.ts";

// Above this overlap two boxes are one face; InsightFace's value.
const SAME_FACE = 0.4;

/**
 * Faces in SCRFD's nine outputs (scores, boxes and five landmarks at three strides; Guo et al. 2021),
 * in pixels of the original picture, best first, doubles removed. Shapes are read from the outputs:
 * exports differ in order, in a leading batch axis and in anchors per cell. Throws an Error if there
 * are not three outputs of each kind, or their sizes do not fit the input's.
 */
export function decodeScrfd(
  outputs: Output[],
  { minScore, ...frame }: Frame & { minScore: number },
): Candidate[] {
  const [scores, boxes, points] = [1, 4, 10].map((columns) => ofKind(outputs, columns));
  const candidates: Candidate[] = [];
  for (const [level, stride] of STRIDES.entries()) {
    const score = scores[level].data;
    const columns = Math.floor(frame.width / stride);
    const cells = columns * Math.floor(frame.height / stride);
    const anchors = score.length / cells;
    if (!Number.isInteger(anchors) || anchors === 0) {
      throw new Error(
        `The detector gave ${score.length} scores at stride ${stride}; ` +
          `an input of ${frame.width} × ${frame.height} pixels has ${cells} cells there`,
      );
    }
    for (let at = 0; at < score.length; at++) {
      if (!(score[at] >= minScore)) continue;
      const cell = Math.floor(at / anchors);
      const x = (cell % columns) * stride;
      const y = Math.floor(cell / columns) * stride;
      const [left, top, right, bottom] = scaled(boxes[level].data, at * 4, 4, stride);
      const offsets = scaled(points[level].data, at * 10, 10, stride);
      candidates.push({
        box: [
          (x - left) / frame.scaleX,
          (y - top) / frame.scaleY,
          (left + right) / frame.scaleX,
          (top + bottom) / frame.scaleY,
        ],
        landmarks: [0, 2, 4, 6, 8].map((i): Point => [
          (x + offsets[i]) / frame.scaleX,
          (y + offsets[i + 1]) / frame.scaleY,
        ]),
        score: Math.min(1, score[at]),
      });
    }
  }
  return suppress(candidates, SAME_FACE);
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
