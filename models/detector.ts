import type { Candidate, Output } from "./candidates.ts";
import type { Letterbox } from "./letterbox.ts";
import type { DetectorRole } from "./manifest.ts";
import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import { decodeScrfd } from "./scrfd.ts";
import { toPlanes } from "./tensor.ts";
import { decodeYunet } from "./yunet.ts";

/** A face detector: its graph, and what its pack says of it. */
export interface Detector {
  session: InferenceSession;
  role: DetectorRole;
}

/**
 * The canvas a detector looks at, for `letterbox`: a square where its graph was exported for one.
 * Throws an Error if the graph has not the input its pack names.
 */
export function canvasOf({ session, role }: Detector): { size: number; square: boolean } {
  const input = session.inputMetadata.find(({ name }) => name === role.input);
  if (!input?.isTensor) {
    throw new Error(
      `The graph has no input "${role.input}", only ${session.inputNames.join(", ")}`,
    );
  }
  // Sides that are left open have names.
  return { size: role.size, square: input.shape.slice(2).some((side) => typeof side === "number") };
}

/**
 * The faces of score `minScore` (0…1) and more in one letterboxed picture, in pixels of the picture,
 * best first.
 */
export async function detect(
  { session, role }: Detector,
  canvas: Letterbox,
  minScore: number,
): Promise<Candidate[]> {
  const { pixels, ...frame } = canvas;
  const dims = [1, 3, frame.height, frame.width];
  const input = new Tensor("float32", toPlanes([pixels], role), dims);
  const outputs = await session.run({ [role.input]: input }) as unknown as Record<string, Output>;
  return role.family === "yunet"
    ? decodeYunet(outputs, { ...frame, minScore })
    : decodeScrfd(Object.values(outputs), { ...frame, minScore });
}
