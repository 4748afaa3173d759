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
  "bc24bb349491481c3ca793cf89306723162c280cb284c5a5e49df3760bf5c2ce": {
    pack: "scrfd_2.5g",
    licence: INSIGHTFACE,
    normalisation: BY_128,
  },
  "e72a5710cce378dc46472b6b845cb90647634f2738d8c3e581735cf195b9866f": {
    pack: "mobilefacenet",
    licence: "unknown",
    normalisation: BY_128,
    thresholds: { certain: 0.55, likely: 0.4 },
  },
};
