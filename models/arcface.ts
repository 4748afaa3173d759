import type { InferenceSession } from "./onnxruntime.ts";
import { alignFace } from "./align.ts";
import type { Candidate } from "./candidates.ts";
import type { RecogniserRole } from "./manifest.ts";
import { faceQuality, frontality, sharpness } from "./quality.ts";
import { embedPixels } from "./session.ts";
import type { DetectedFace, RgbImage } from "./types.ts";

/** A candidate with its crop, upright and as large as the recogniser wants it. */
export interface AlignedFace {
  face: Omit<DetectedFace, "embedding">;
  crop: Uint8Array;
}

/**
 * Aligns every candidate and measures its quality. `image` is the picture the candidates were found
 * in, `size` the crop's side in pixels. Gives them in the same order, relative to the picture.
 */
export function alignFaces(
  image: RgbImage,
  candidates: Candidate[],
  size: number,
): AlignedFace[] {
  return candidates.map((candidate) => {
    const { score, landmarks } = candidate;
    const crop = alignFace(image, landmarks, size);
    const [, , width, height] = candidate.box;
    const placed = relative(candidate, image);
    const visible = placed.box[2] * image.width * placed.box[3] * image.height / (width * height);
    const quality = faceQuality({
      side: Math.min(width, height),
      pose: frontality(landmarks),
      sharpness: sharpness(crop, size),
      score,
      visible,
    });
    return { face: { ...placed, score, quality }, crop };
  });
}

/**
 * Embeds the faces of several pictures together, so that a graph that takes batches gets some of more
 * than one picture's, and gives each picture's own.
 */
export async function embedFaces(
  recogniser: { session: InferenceSession; role: RecogniserRole },
  pictures: AlignedFace[][],
): Promise<DetectedFace[][]> {
  const crops = pictures.flat().map(({ crop }) => crop);
  const embeddings = await embedPixels(recogniser.session, recogniser.role, crops);
  let next = 0;
  return pictures.map((faces) =>
    faces.map(({ face }) => ({ ...face, embedding: embeddings[next++] }))
  );
}

// A detector guesses on beyond the edge; what is stored ends there.
function relative({ box, landmarks }: Candidate, { width, height }: RgbImage) {
  const unit = (value: number) => Math.min(1, Math.max(0, value));
  const [left, top] = [unit(box[0] / width), unit(box[1] / height)];
  const [right, bottom] = [unit((box[0] + box[2]) / width), unit((box[1] + box[3]) / height)];
  return {
    box: [left, top, right - left, bottom - top] as DetectedFace["box"],
    landmarks: landmarks.map(([x, y]): [number, number] => [unit(x / width), unit(y / height)]),
  };
}
