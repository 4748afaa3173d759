import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import { embedFaces } from "./arcface.ts";
import { decodePreview } from "./image.ts";
import type { DetectorRole, RecogniserRole } from "./manifest.ts";
import { decodeScrfd, type Letterbox, letterbox, type Output } from "./scrfd.ts";
import { toPlanes } from "./tensor.ts";
import { type DetectedFace, ImageError, type RgbImage } from "./types.ts";

export interface FaceModels {
  detector: { session: InferenceSession; role: DetectorRole };
  recogniser: { session: InferenceSession; role: RecogniserRole };
}

/** `minScore` 0…1; `minSize`: the box's shorter side in pixels of the preview. */
export interface FaceOptions {
  minScore: number;
  minSize: number;
}

/**
 * The faces in every preview (JPEG), best first, or the ImageError of a preview that cannot be read.
 * While one picture is on the graph, sharp unpacks the next.
 */
export async function findFaces(
  models: FaceModels,
  previews: Uint8Array[],
  options: FaceOptions,
): Promise<(DetectedFace[] | ImageError)[]> {
  const results: (DetectedFace[] | ImageError)[] = [];
  const { size } = models.detector.role;
  const begin = (index: number) => {
    const prepared = prepare(previews[index], size);
    // Awaited a picture later; until then a failure must not count as unhandled.
    prepared.catch(() => {});
    return prepared;
  };
  let next = previews.length > 0 ? begin(0) : null;
  for (let i = 0; i < previews.length; i++) {
    const current = await next!;
    next = i + 1 < previews.length ? begin(i + 1) : null;
    results.push(current instanceof Error ? current : await inOne(models, current, options));
  }
  return results;
}

interface Prepared {
  image: RgbImage;
  canvas: Letterbox;
}

async function prepare(preview: Uint8Array, size: number): Promise<Prepared | ImageError> {
  try {
    const image = await decodePreview(preview);
    return { image, canvas: await letterbox(image, size) };
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}

async function inOne(
  { detector, recogniser }: FaceModels,
  { image, canvas }: Prepared,
  { minScore, minSize }: FaceOptions,
): Promise<DetectedFace[]> {
  const { session, role } = detector;
  const planes = toPlanes([canvas.pixels], role);
  const input = new Tensor("float32", planes, [1, 3, role.size, role.size]);
  const outputs = await session.run({ [role.input]: input });
  const candidates = decodeScrfd(Object.values(outputs) as unknown as Output[], {
    size: role.size,
    minScore,
    scaleX: canvas.scaleX,
    scaleY: canvas.scaleY,
  });
  const large = candidates.filter(({ box }) => Math.min(box[2], box[3]) >= minSize);
  return await embedFaces(recogniser, image, large);
}
