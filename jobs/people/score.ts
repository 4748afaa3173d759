import { wasmProducts } from "../clustering/products_wasm.ts";

/** A person as faces are compared with them. */
export interface Known {
  id: number;
  /** A stranger: recognised when certain, asked about never. */
  hidden: boolean;
  certain: number;
  likely: number;
  /** Their prototypes: rows `from` to before `to` of the gallery's vectors. */
  from: number;
  to: number;
}

/** Everybody whom a face may be, in one block of vectors of length 1. */
export interface Gallery {
  dimension: number;
  people: readonly Known[];
  vectors: Float32Array;
  /** Covers of unnamed clusters, in blocks: who looks like one may be somebody without a name. */
  rivals: readonly Float32Array[];
}

/** How like a person a face is. */
export interface Candidate {
  personId: number;
  /** Cosine to the nearest of their prototypes. */
  similarity: number;
  /** Mean cosine to the SUPPORTERS nearest prototypes, or to all where there are fewer. */
  support: number;
}

/** What a face looks like: at most MOST_CANDIDATES people, the likest first, and the likest rival. */
export interface Likeness {
  candidates: Candidate[];
  /** Cosine to the nearest cover of an unnamed cluster; −1 where there are none. */
  rival: number;
}

/** One prototype may be an unlucky one; three seldom are. */
export const SUPPORTERS = 3;

/** Nobody is asked about the ninth likest, and a rival that counts is nearer than that. */
const MOST_CANDIDATES = 8;

/** Faces and prototypes multiplied at once: 60 × 1024 × 512 take 2 ms of this thread. */
const ROWS = 60, COLUMNS = 1024;

// On the calling thread alone, and at once: its tile is read before anybody else can ask for one.
const backend = wasmProducts(1);
const tileOf = (rows: Float32Array, columns: Float32Array, dimension: number) =>
  backend.products(rows, columns, dimension) as Float32Array;

/**
 * Compares faces (n × dimension, row-major) with all of a gallery; people below `floor` (a cosine)
 * are left out. `turn` is waited for after every block of some 2 ms, so that the calling thread stays
 * free. Vectors that are not finite are like nobody.
 */
export async function scoreFaces(
  gallery: Gallery,
  vectors: Float32Array,
  { floor, turn }: { floor: number; turn: () => Promise<void> },
): Promise<Likeness[]> {
  const { dimension, people } = gallery;
  const count = vectors.length / dimension;
  const likenesses = Array.from({ length: count }, (): Likeness => ({ candidates: [], rival: -1 }));
  for (let start = 0; start < count; start += ROWS) {
    const rows = vectors.subarray(start * dimension, Math.min(start + ROWS, count) * dimension);
    for (const { first, end } of blocksOf(people)) {
      const from = people[first].from, to = people[end - 1].to;
      const columns = gallery.vectors.subarray(from * dimension, to * dimension);
      const tile = tileOf(rows, columns, dimension);
      for (let row = 0; row < rows.length / dimension; row++) {
        const line = row * (to - from) - from;
        const { candidates } = likenesses[start + row];
        for (let p = first; p < end; p++) {
          const known = people[p];
          const likeness = likenessOf(tile, line + known.from, line + known.to);
          if (likeness.similarity >= floor) candidates.push({ personId: known.id, ...likeness });
        }
      }
      await turn();
    }
    await scoreRivals(gallery, rows, { likenesses, start, turn });
  }
  for (const { candidates } of likenesses) {
    candidates.sort((a, b) => b.similarity - a.similarity || a.personId - b.personId);
    candidates.length = Math.min(candidates.length, MOST_CANDIDATES);
  }
  return likenesses;
}

async function scoreRivals(
  { rivals, dimension }: Gallery,
  rows: Float32Array,
  { likenesses, start, turn }: { likenesses: Likeness[]; start: number; turn: () => Promise<void> },
): Promise<void> {
  for (const columns of rivals.flatMap((block) => slicesOf(block, COLUMNS * dimension))) {
    const width = columns.length / dimension;
    const tile = tileOf(rows, columns, dimension);
    for (let row = 0; row < rows.length / dimension; row++) {
      for (let column = 0; column < width; column++) {
        const cosine = tile[row * width + column];
        if (cosine > likenesses[start + row].rival) likenesses[start + row].rival = cosine;
      }
    }
    await turn();
  }
}

/** The block in slices of so many elements at most. */
const slicesOf = (block: Float32Array, length: number) =>
  Array.from(
    { length: Math.ceil(block.length / length) },
    (_, n) => block.subarray(n * length, (n + 1) * length),
  );

/** Runs of people whose prototypes fill a block; nobody is in two. */
function blocksOf(people: readonly Known[]): { first: number; end: number }[] {
  const blocks: { first: number; end: number }[] = [];
  for (let p = 0; p < people.length; p++) {
    const last = blocks.at(-1);
    if (last && people[p].to - people[last.first].from <= COLUMNS) last.end = p + 1;
    else blocks.push({ first: p, end: p + 1 });
  }
  return blocks;
}

/** Of the cosines to one person's prototypes: the greatest, and the mean of the greatest three. */
function likenessOf(
  cosines: Float32Array,
  start: number,
  end: number,
): { similarity: number; support: number } {
  let first = -Infinity, second = -Infinity, third = -Infinity;
  for (let i = start; i < end; i++) {
    const cosine = cosines[i];
    if (cosine > first) [first, second, third] = [cosine, first, second];
    else if (cosine > second) [second, third] = [cosine, second];
    else if (cosine > third) third = cosine;
  }
  const supporters = Math.min(SUPPORTERS, end - start);
  const sum = first + (supporters > 1 ? second : 0) + (supporters > 2 ? third : 0);
  return { similarity: first, support: sum / supporters };
}
