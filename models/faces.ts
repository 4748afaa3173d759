import { type AlignedFace, alignFaces, embedFaces } from "./arcface.ts";
import { canvasOf, detect, type Detector } from "./detector.ts";
import { decodePreview } from "./image.ts";
import { type Letterbox, letterbox } from "./letterbox.ts";
import type { RecogniserRole } from "./manifest.ts";
import type { InferenceSession } from "./onnxruntime.ts";
import { type DetectedFace, ImageError, type RgbImage } from "./types.ts";

export interface FaceModels {
  detector: Detector;
  recogniser: { session: InferenceSession; role: RecogniserRole };
}

/** `minScore` 0…1; `minSize`: the box's shorter side in pixels of the preview. */
export interface FaceOptions {
  minScore: number;
  minSize: number;
}

// Unpacking takes three steps (header, pixels, canvas) in sharp's threads. A run of the graph blocks
// this thread, so a picture comes one step further in each run: those ahead are one more than steps.
// A picture of 1440 × 1080 holds 6 MB.
const AHEAD = 4;

/**
 * The faces in every preview (JPEG), best first, or the ImageError of a preview that cannot be read.
 * While one picture is on the graph, sharp unpacks the next ones.
 */
export async function findFaces(
  models: FaceModels,
  previews: Uint8Array[],
  options: FaceOptions,
): Promise<(DetectedFace[] | ImageError)[]> {
  const canvas = canvasOf(models.detector);
  const begin = (preview: Uint8Array) => {
    const prepared = prepare(preview, canvas);
    // Awaited some pictures later; until then a failure must not count as unhandled.
    prepared.catch(() => {});
    return prepared;
  };
  const ahead = previews.slice(0, AHEAD).map(begin);
  const looked: (AlignedFace[] | ImageError)[] = [];
  for (let i = 0; i < previews.length; i++) {
    const current = await ahead.shift()!;
    if (i + AHEAD < previews.length) ahead.push(begin(previews[i + AHEAD]));
    looked.push(current instanceof Error ? current : await inOne(models, current, options));
  }
  const found = looked.map((faces) => faces instanceof Error ? [] : faces);
  const embedded = await embedFaces(models.recogniser, found);
  return looked.map((faces, i) => faces instanceof Error ? faces : embedded[i]);
}

interface Prepared {
  image: RgbImage;
  canvas: Letterbox;
}

async function prepare(
  preview: Uint8Array,
  canvas: { size: number; square: boolean },
): Promise<Prepared | ImageError> {
  try {
    const image = await decodePreview(preview);
    return { image, canvas: await letterbox(image, canvas) };
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}

// Crops, not pictures, wait for the recogniser: 37 KB each.
async function inOne(
  { detector, recogniser }: FaceModels,
  { image, canvas }: Prepared,
  { minScore, minSize }: FaceOptions,
): Promise<AlignedFace[]> {
  const candidates = await detect(detector, canvas, minScore);
  const large = candidates.filter(({ box }) => Math.min(box[2], box[3]) >= minSize);
  return alignFaces(image, large, recogniser.role.size);
}
