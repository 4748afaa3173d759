/** A face that somebody said is a person's. */
export interface ConfirmedFace {
  id: number;
  /** 0 to 1. */
  quality: number;
  /** Of length 1. */
  vector: Float32Array;
}

/**
 * Prototypes a person has at most. Enough for a child that grows up or for glasses and a beard;
 * every one is an inner product for every face that is matched.
 */
export const MOST_PROTOTYPES = 8;

/** Confirmed faces that are looked at, the best first: a person may have thousands. */
export const MOST_CONSIDERED = 400;

/** Faces below this quality stand for nobody as long as there is a better one. */
const LEAST_QUALITY = 0.3;

/** What is so near to a prototype is a near copy of it and says nothing new (see collapse in FACE_DEFAULTS). */
const NEAR_COPY = 0.9;

/**
 * Ids of at most MOST_PROTOTYPES faces that stand for a person: they cover the looks the person has
 * in `faces`, each by a face in the middle of that look, good ones preferred. First the face nearest
 * to all, then again and again the one furthest from those chosen, its distance weighted by its
 * quality; last, each gives way to the most central face of those nearest to it. Two passes over
 * at most MOST_CONSIDERED faces, whatever their number; the same answer in whatever order they come.
 * Vectors that are not of length 1 (NaN, zeros) stand for nobody; no usable face gives no prototype.
 */
export function choosePrototypes(faces: readonly ConfirmedFace[]): number[] {
  const usable = faces.filter(({ vector }) => isUnit(vector));
  const good = usable.filter(({ quality }) => quality >= LEAST_QUALITY);
  const considered = (good.length > 0 ? good : usable).toSorted(byQuality)
    .slice(0, MOST_CONSIDERED);
  if (considered.length === 0) return [];
  const seeds = [mostCentral(considered)];
  const nearest = considered.map(({ vector }) => cosine(vector, seeds[0].vector));
  const owner = new Array<number>(considered.length).fill(0);
  while (seeds.length < MOST_PROTOTYPES) {
    const next = furthest(considered, nearest);
    if (next === null) break;
    seeds.push(next);
    considered.forEach(({ vector }, index) => {
      const likeness = cosine(vector, next.vector);
      if (likeness <= nearest[index]) return;
      nearest[index] = likeness;
      owner[index] = seeds.length - 1;
    });
  }
  const chosen = seeds.map((_, seed) =>
    mostCentral(considered.filter((_, index) => owner[index] === seed)).id
  );
  return chosen.toSorted((a, b) => a - b);
}

/** Cosine of two vectors of length 1, −1 to 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** True for a vector of length 1 within 1e-3; false for NaN, zeros and an empty one. */
export function isUnit(vector: Float32Array): boolean {
  return Math.abs(cosine(vector, vector) - 1) <= 2e-3;
}

const byQuality = (a: ConfirmedFace, b: ConfirmedFace) => b.quality - a.quality || a.id - b.id;

/** The face nearest to the mean of all, weighted by quality; of equals the better, then the older. */
function mostCentral(faces: readonly ConfirmedFace[]): ConfirmedFace {
  const mean = new Float64Array(faces[0].vector.length);
  for (const { vector, quality } of faces) {
    for (let i = 0; i < mean.length; i++) mean[i] += vector[i] * weight(quality);
  }
  let best = faces[0], most = -Infinity;
  for (const face of faces) {
    let sum = 0;
    for (let i = 0; i < mean.length; i++) sum += face.vector[i] * mean[i];
    if (sum <= most) continue;
    best = face;
    most = sum;
  }
  return best;
}

function furthest(
  faces: readonly ConfirmedFace[],
  nearest: readonly number[],
): ConfirmedFace | null {
  let best: ConfirmedFace | null = null, most = 0;
  faces.forEach((face, index) => {
    const gain = (1 - nearest[index]) * weight(face.quality);
    if (nearest[index] >= NEAR_COPY || gain <= most) return;
    best = face;
    most = gain;
  });
  return best;
}

// A face of no measured quality still weighs something.
const weight = (quality: number) => 0.1 + quality;
