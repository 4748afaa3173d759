import sharp from "sharp";
import { overlap } from "../candidates.ts";
import { type FaceModels, findFaces } from "../faces.ts";
import type { ResolvedModels } from "../pack.ts";
import { characterNamed } from "../sample/characters.ts";
import { drawCharacter } from "../sample/portrait.ts";
import { embedPixels, openSession } from "../session.ts";
import type { DetectedFace } from "../types.ts";
import type { Device } from "./device.ts";

/** What a device came to beside the CPU, on the same picture. */
export interface Measured {
  /** The smallest cosine between the two vectors of the picture, by either model, or of a face. */
  cosine: number;
  /** The smallest overlap (intersection over union) of the two boxes of a face. */
  overlap: number;
  /** Faces that were compared. */
  faces: number;
  /** Seconds for one picture and its faces, models loaded and shaders compiled. */
  seconds: number;
  cpuSeconds: number;
}

const SIDE = 640;
/** Detectors for photos are not sure about a drawing: boxes of whatever they half see do as well. */
const SCORES = [0.5, 0.3, 0.1, 0.03, 0.01];

/**
 * Runs the models once more on a device than to warm up, and on the CPU, over a drawn portrait, and
 * compares. Throws what the device throws. A driver may crash: to be called in a process that may.
 */
export async function probeDevice(
  { models, device, threads }: { models: ResolvedModels; device: Device; threads: number },
): Promise<Measured> {
  const picture = await portrait([models.clip.visual.size, models.faces.recogniser.size]);
  const cpu = await look(models, { device: "cpu", threads, picture, scores: SCORES });
  const found = await look(models, { device, threads, picture, scores: [cpu.minScore] });
  const pairs = cpu.faces.map((face) => {
    const same = nearest(face, found.faces);
    return same && { overlap: overlap(face.box, same.box), cosine: cosine(face, same) };
  });
  return {
    cosine: least(
      ...cpu.vectors.map((vector, i) => dot(vector, found.vectors[i])),
      ...pairs.map((pair) => pair?.cosine ?? -1),
    ),
    overlap: least(1, ...pairs.map((pair) => pair?.overlap ?? 0)),
    faces: pairs.length,
    seconds: found.seconds,
    cpuSeconds: cpu.seconds,
  };
}

/** The best of so many counts: alone, the CPU beside itself came to ratios of up to 2. */
const RUNS = 5;
const ENOUGH_MS = 3000;

interface Looking {
  device: Device;
  threads: number;
  /** As the visual model and the recogniser want it, and as a JPEG. */
  picture: { pixels: Uint8Array[]; preview: Uint8Array };
  /** Scores to ask for one after the other until there is a face. */
  scores: number[];
}

async function look(models: ResolvedModels, { device, threads, picture, scores }: Looking) {
  const open = (path: string) => openSession(path, { threads, device });
  const { clip, faces: pair } = models;
  const visual = await open(clip.visual.path);
  const faceModels: FaceModels = {
    detector: { session: await open(pair.detector.path), role: pair.detector },
    recogniser: { session: await open(pair.recogniser.path), role: pair.recogniser },
  };
  const embed = async () => (await embedPixels(visual, clip.visual, [picture.pixels[0]]))[0];
  const find = async (minScore: number) => {
    const [faces] = await findFaces(faceModels, [picture.preview], { minScore, minSize: 1 });
    if (faces instanceof Error) throw faces;
    return faces;
  };
  // Also by itself: a detector that sees nothing in a drawing would leave it out.
  const { recogniser } = faceModels;
  const [crop] = await embedPixels(recogniser.session, recogniser.role, [picture.pixels[1]]);
  await embed();
  let minScore = 1;
  let faces: DetectedFace[] = [];
  for (const score of scores) {
    minScore = score;
    faces = await find(score);
    if (faces.length > 0) break;
  }
  let vector: Float32Array = new Float32Array();
  let seconds = Infinity;
  const begun = performance.now();
  for (let run = 0; run < RUNS && performance.now() - begun < ENOUGH_MS; run++) {
    const started = performance.now();
    vector = await embed();
    faces = await find(minScore);
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
  }
  const sessions = [visual, faceModels.detector.session, recogniser.session];
  for (const session of sessions) await session.release();
  return { vectors: [vector, crop], faces, minScore, seconds };
}

async function portrait(sizes: number[]): Promise<Looking["picture"]> {
  const figure = drawCharacter(characterNamed("Clara"), {
    mood: "smile",
    x: SIDE / 2,
    y: SIDE * 0.4,
    eyes: SIDE / 6,
    tilt: 4,
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}">` +
    `<rect width="${SIDE}" height="${SIDE}" fill="#7a9ab5"/>${figure}</svg>`;
  const drawn = sharp(new TextEncoder().encode(svg)).removeAlpha();
  const preview = await drawn.clone().jpeg().toBuffer();
  const pixels = sizes.map((size) => drawn.clone().resize(size, size).raw().toBuffer());
  return { preview, pixels: await Promise.all(pixels) };
}

function nearest(face: DetectedFace, others: DetectedFace[]): DetectedFace | undefined {
  return others.toSorted((a, b) => overlap(face.box, b.box) - overlap(face.box, a.box))[0];
}

/** The smallest; −1 if one is NaN, as broken shaders give it: JSON, which takes this on, has no NaN. */
export function least(...values: number[]): number {
  const smallest = Math.min(...values);
  return Number.isNaN(smallest) ? -1 : smallest;
}

const cosine = (a: DetectedFace, b: DetectedFace) => dot(a.embedding, b.embedding);

const dot = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
