import { normalise, seeded } from "../jobs/clustering/test_support.ts";

/** A library of faces whose people are known, as embeddings. */
export interface SimulatedFaces {
  dimension: number;
  /** One row a face, of length 1. */
  vectors: Float32Array;
  /** Index of the person, −1 for somebody seen only once. */
  truth: Int32Array;
  /** 0 to 1. */
  quality: Float32Array;
  /** Index of the photo; no photo shows one person twice. */
  photos: Int32Array;
  people: number;
}

const DIMENSION = 512;

/** How near two looks are to each other; the cosine of two faces is that times about .6. */
const SIBLINGS = 0.5, TWINS = 0.75, GROWN_UP = 0.6;

/**
 * Makes `count` faces, most of `people` people, in the likeness of ArcFace's (one person .60 ± .09, strangers .04 ± .08), with
 * what makes them hard: sizes of people by a power law from three faces up, a fifth of all faces of
 * people seen once, an eighth of people with a sibling and one in fifty with a twin in the library,
 * children that grow up, people with two looks, bursts of near copies, and blurred faces that
 * resemble each other. The same seed gives the same library.
 */
export function simulateFaces(
  { count, people, seed }: { count: number; people: number; seed: number },
): SimulatedFaces {
  const random = seeded(seed);
  const make = makers(random);
  const once = Math.round(0.2 * count);
  const sizes = drawSizes(count - once, people, random);
  const centres = makeCentres(sizes, make);
  const faces: { vector: Float32Array; truth: number; quality: number }[] = [];
  sizes.forEach((size, person) => {
    for (const face of facesOf(size, centres[person], { make, random })) {
      faces.push({ ...face, truth: person });
    }
  });
  const blur = make.somebody();
  for (let i = 0; i < once; i++) {
    const blurred = i < once / 10;
    const vector = make.somebody();
    if (blurred) mix(vector, blur, 0.3 + 0.3 * random());
    faces.push({ vector, truth: -1, quality: blurred ? 0.2 + 0.25 * random() : make.quality() });
  }
  shuffle(faces, random);
  const vectors = new Float32Array(count * DIMENSION);
  faces.forEach(({ vector }, index) => vectors.set(vector, index * DIMENSION));
  const truth = Int32Array.from(faces, (face) => face.truth);
  return {
    dimension: DIMENSION,
    vectors: normalise(vectors, DIMENSION),
    truth,
    quality: Float32Array.from(faces, (face) => face.quality),
    photos: intoPhotos(truth, random),
    people: sizes.length,
  };
}

interface Centre {
  vector: Float32Array;
  /** What a child has become in the end. */
  grown: Float32Array | null;
}

type Makers = ReturnType<typeof makers>;

// The variance falls along the axes, so that some 150 of the 512 carry it: strangers then differ as
// much among each other as ArcFace's do.
function makers(random: () => number) {
  const spread = Float64Array.from({ length: DIMENSION }, (_, i) => (i + 1) ** -0.37);
  const total = Math.sqrt(spread.reduce((sum, s) => sum + s * s, 0));
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const common = unit(Float32Array.from({ length: DIMENSION }, normal));
  const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
  return {
    normal,
    clamp,
    quality: () => clamp(0.65 + 0.15 * normal(), 0.15, 1),
    /** Somebody of the population. */
    somebody: () =>
      unit(Float32Array.from(
        { length: DIMENSION },
        (_, i) => Math.sqrt(0.935) * normal() * spread[i] / total + Math.sqrt(0.065) * common[i],
      )),
    /** What differs from photo to photo. */
    circumstance: () =>
      unit(Float32Array.from(
        { length: DIMENSION },
        (_, i) => normal() * (0.6 * spread[i] / total + 0.4 / Math.sqrt(DIMENSION)),
      )),
  };
}

/** Sizes of people: three each, and the rest by a power law; nobody has more than a sixteenth. */
function drawSizes(faces: number, people: number, random: () => number): number[] {
  const sizes = new Array<number>(people).fill(3);
  const weights = sizes.map(() => (1 - random()) ** -1.4 - 1);
  let all = weights.reduce((sum, weight) => sum + weight, 0);
  for (let left = faces - 3 * people; left > 0; left--) {
    let at = random() * all, person = 0;
    while (person < people - 1 && (at -= weights[person]) >= 0) person++;
    if (++sizes[person] < faces / 16) continue;
    all -= weights[person];
    weights[person] = 0;
  }
  return sizes;
}

function makeCentres(sizes: number[], make: Makers): Centre[] {
  const centres = sizes.map((): Centre => ({ vector: make.somebody(), grown: null }));
  const pairs = Math.round(0.12 * sizes.length),
    twins = Math.max(1, Math.round(sizes.length / 100));
  for (let i = 0; i < Math.min(pairs, Math.floor(sizes.length / 2)); i++) {
    mix(centres[2 * i + 1].vector, centres[2 * i].vector, i < twins ? TWINS : SIBLINGS);
  }
  centres.forEach((centre, person) => {
    if (person % 20 !== 7 || sizes[person] < 8) return;
    centre.grown = make.somebody();
    mix(centre.grown, centre.vector, GROWN_UP);
  });
  return centres;
}

function* facesOf(
  size: number,
  { vector: centre, grown }: Centre,
  { make, random }: { make: Makers; random: () => number },
) {
  const coherence = make.clamp(0.775 + 0.03 * make.normal(), 0.68, 0.86);
  const otherLook = size >= 12 ? make.somebody() : null;
  let last: { vector: Float32Array; quality: number } | null = null, copies = 0;
  for (let i = 0; i < size; i++) {
    if (last && copies > 0) {
      copies--;
      const copy = Float32Array.from(last.vector);
      mix(copy, make.circumstance(), 0.2 + 0.1 * random());
      yield { vector: copy, quality: last.quality };
      continue;
    }
    const quality = make.quality();
    const likeness = make.clamp(
      coherence + (quality - 0.65) * 0.25 + 0.055 * make.normal(),
      0.45,
      0.94,
    );
    const vector = make.circumstance();
    if (otherLook && random() < 0.35) mix(vector, otherLook, 0.66);
    const at = Float32Array.from(centre);
    if (grown) blend(at, grown, i / (size - 1));
    mix(vector, at, likeness);
    yield last = { vector, quality };
    if (random() < 0.06) copies = 1 + Math.floor(4 * random());
  }
}

/** Every face goes to the photo being filled, unless its person is in it; photos have one to four. */
function intoPhotos(truth: Int32Array, random: () => number): Int32Array {
  const photos = new Int32Array(truth.length);
  let photo = -1, room = 0;
  let there = new Set<number>();
  truth.forEach((person, face) => {
    if (room === 0 || there.has(person)) {
      photo++;
      room = 1 + Math.floor(4 * random() ** 2);
      there = new Set();
    }
    photos[face] = photo;
    room--;
    if (person >= 0) there.add(person);
  });
  return photos;
}

/** Turns `vector` towards another, both of length 1, until their cosine is about `share`, in place. */
function mix(vector: Float32Array, towards: Float32Array, share: number): void {
  const rest = Math.sqrt(1 - share * share);
  for (let i = 0; i < vector.length; i++) vector[i] = share * towards[i] + rest * vector[i];
  unit(vector);
}

function blend(vector: Float32Array, other: Float32Array, share: number): void {
  for (let i = 0; i < vector.length; i++) vector[i] += share * (other[i] - vector[i]);
  unit(vector);
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
  return vector;
}

function shuffle<Item>(items: Item[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}
