import type { InferenceSession } from "./onnxruntime.ts";
import { alignFace } from "./align.ts";
import type { RecogniserRole } from "./manifest.ts";
import { faceQuality, frontality, sharpness } from "./quality.ts";
import type { Candidate } from "./scrfd.ts";
import { embedPixels } from "./session.ts";
import type { DetectedFace, RgbImage } from "./types.ts";

/**
 * Aligns every candidate, measures its quality and embeds it. `image` is the picture the candidates
 * were found in. Gives them in the same order, relative to the picture.
 */
export async function embedFaces(
  recogniser: { session: InferenceSession; role: RecogniserRole },
  image: RgbImage,
  candidates: Candidate[],
): Promise<DetectedFace[]> {
  const { session, role } = recogniser;
  const crops = candidates.map(({ landmarks }) => alignFace(image, landmarks, role.size));
  const embeddings = await embedPixels(session, role, crops);
  return candidates.map((candidate, i) => {
    const { score } = candidate;
    const [, , width, height] = candidate.box;
    const placed = relative(candidate, image);
    const visible = placed.box[2] * image.width * placed.box[3] * image.height / (width * height);
    const quality = faceQuality({
      side: Math.min(width, height),
      pose: frontality(candidate.landmarks),
      sharpness: sharpness(crops[i], role.size),
      score,
      visible,
    });
    return { ...placed, score, quality, embedding: embeddings[i] };
  });
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
