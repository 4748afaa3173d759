import type { Normalisation } from "./tensor.ts";

/** What cannot be read off a graph: how its pixels are scaled, what its cosines mean, its licence. */
export interface KnownModel {
  pack: string;
  licence: string;
  normalisation: Normalisation;
  thresholds?: { certain: number; likely: number };
}

const grey = (std: number): Normalisation => ({ mean: [0.5, 0.5, 0.5], std: [std, std, std] });

/** InsightFace's two conventions: (x − 127.5) / 128 and (x − 127.5) / 127.5. */
export const BY_128 = grey(128 / 255);
export const BY_127_5 = grey(0.5);

/**
 * OpenCV's models take pixels as they are, 0…255; FaceDetectorYN hands them over in OpenCV's own order,
 * B, G, R, FaceRecognizerSF turns them to R, G, B.
 */
export const RAW_PIXELS: Normalisation = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

/** OpenAI CLIP's mean and standard deviation of its training pictures. */
export const CLIP_PIXELS: Normalisation = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

const INSIGHTFACE = "InsightFace weights: non-commercial research only";

/** Cosines for recognisers nobody has measured: the 512-d ArcFace family's usual values. */
export const USUAL_THRESHOLDS = { certain: 0.5, likely: 0.36 };

/** Graphs known by their SHA-256; what is not here is known by its inputs and outputs. */
export const KNOWN_MODELS: Record<string, KnownModel> = {
  "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91": {
    pack: "buffalo_l",
    licence: INSIGHTFACE,
    normalisation: BY_128,
  },
  "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43": {
    pack: "buffalo_l",
    licence: INSIGHTFACE,
    normalisation: BY_127_5,
    thresholds: USUAL_THRESHOLDS,
  },
  "5e4447f50245bbd7966bd6c0fa52938c61474a04ec7def48753668a9d8b4ea3a": {
    pack: "buffalo_s",
    licence: INSIGHTFACE,
    normalisation: BY_128,
  },
  "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f": {
    pack: "buffalo_s",
    licence: INSIGHTFACE,
    normalisation: BY_127_5,
    thresholds: USUAL_THRESHOLDS,
  },
  "33a3df41ceef21acdf371af00f6dd0456ec1f9eba24d03a7720f9c3734e40859": {
    pack: "clip-vit-b-32",
    licence: "CLIP: MIT",
    normalisation: CLIP_PIXELS,
  },
  "bc24bb349491481c3ca793cf89306723162c280cb284c5a5e49df3760bf5c2ce": {
    pack: "scrfd_2.5g",
    licence: INSIGHTFACE,
    normalisation: BY_128,
  },
  "e72a5710cce378dc46472b6b845cb90647634f2738d8c3e581735cf195b9866f": {
    pack: "mobilefacenet",
    licence: "MobileFaceNet: unknown",
    normalisation: BY_128,
    thresholds: { certain: 0.55, likely: 0.4 },
  },
  // face_detection_yunet_2023mar and face_recognition_sface_2021dec of OpenCV's model zoo; 0.363 is
  // the cosine OpenCV's documentation gives for one person.
  "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": {
    pack: "yunet-sface",
    licence: "YuNet: MIT",
    normalisation: { ...RAW_PIXELS, order: "bgr" },
  },
  "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79": {
    pack: "yunet-sface",
    licence: "SFace: Apache-2.0",
    normalisation: RAW_PIXELS,
    thresholds: { certain: 0.5, likely: 0.363 },
  },
};
