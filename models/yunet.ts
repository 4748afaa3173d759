import type { Point } from "./align.ts";
import { type Candidate, type Frame, type Output, STRIDES, suppress } from "./candidates.ts";

// Above this overlap two boxes are one face; the default of OpenCV's FaceDetectorYN.
const SAME_FACE = 0.3;

/** YuNet's twelve outputs by name, three strides of each kind, and the numbers a cell has in each. */
export const YUNET_OUTPUTS: Record<string, number> = Object.fromEntries(
  Object.entries({ cls: 1, obj: 1, bbox: 4, kps: 10 }).flatMap(([kind, columns]) =>
    STRIDES.map((stride) => [`${kind}_${stride}`, columns])
  ),
);

/**
 * Faces in YuNet's outputs (Wu et al. 2023; decoded as OpenCV's FaceDetectorYN does), in pixels of the
 * original picture, best first, doubles removed. The score is the geometric mean of classification
 * and objectness, each held within 0…1. The eye that YuNet names first is the person's right one,
 * which is the left one in the picture. Throws an Error if an output is missing or does not fit the
 * input.
 */
export function decodeYunet(
  outputs: Record<string, Output>,
  { minScore, ...frame }: Frame & { minScore: number },
): Candidate[] {
  const candidates: Candidate[] = [];
  for (const stride of STRIDES) {
    const columns = Math.floor(frame.width / stride);
    const cells = columns * Math.floor(frame.height / stride);
    const [cls, obj, boxes, points] = ["cls", "obj", "bbox", "kps"].map((kind) =>
      numbers(outputs, { name: `${kind}_${stride}`, cells, frame })
    );
    const x = (value: number) => value * stride / frame.scaleX;
    const y = (value: number) => value * stride / frame.scaleY;
    for (let cell = 0; cell < cells; cell++) {
      const score = Math.sqrt(unit(cls[cell]) * unit(obj[cell]));
      if (!(score >= minScore)) continue;
      const column = cell % columns;
      const row = Math.floor(cell / columns);
      const [right, down, across, along] = boxes.subarray(cell * 4, cell * 4 + 4);
      const [width, height] = [Math.exp(across), Math.exp(along)];
      const offsets = points.subarray(cell * 10, cell * 10 + 10);
      candidates.push({
        box: [
          x(column + right - width / 2),
          y(row + down - height / 2),
          x(width),
          y(height),
        ],
        landmarks: [0, 2, 4, 6, 8].map((i): Point => [
          x(column + offsets[i]),
          y(row + offsets[i + 1]),
        ]),
        score,
      });
    }
  }
  return suppress(candidates, SAME_FACE);
}

function numbers(
  outputs: Record<string, Output>,
  { name, cells, frame }: { name: string; cells: number; frame: Frame },
): Float32Array {
  const output = outputs[name];
  if (!output) {
    const names = Object.keys(outputs).join(", ");
    throw new Error(`The detector is no YuNet: it has no output "${name}", only ${names}`);
  }
  const expected = cells * YUNET_OUTPUTS[name];
  if (output.data.length !== expected) {
    throw new Error(
      `The detector gave ${output.data.length} numbers in "${name}"; ` +
        `an input of ${frame.width} × ${frame.height} pixels has ${expected} there`,
    );
  }
  return output.data;
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
