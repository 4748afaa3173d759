import { readBackground, writeBackground } from "./background_file.ts";
import { BACKGROUND, NONSENSE } from "./background_texts.ts";
import type { TextEncoder } from "./stages.ts";

/** The background texts that a model knows anything of. */
export interface BackgroundTexts {
  vectors: Float32Array[];
  nonsense: boolean[];
}

/**
 * The background texts as they were embedded before, or else embedded now, one after the other, so that
 * somebody's search waits for one at most, and kept in `dataDir` (null: nowhere). `stopping` ends it
 * early, with those there are.
 */
export async function embedBackground(
  encoder: TextEncoder,
  { dataDir, stopping }: { dataDir: string | null; stopping: () => boolean },
): Promise<BackgroundTexts> {
  const { clip } = encoder.models;
  const found = dataDir === null ? null : await readBackground(dataDir, clip);
  const kept = found && await areOf(encoder, found) ? found : null;
  const vectors = kept ?? await embedAll(encoder, stopping);
  if (!kept && dataDir !== null && vectors.length === BACKGROUND.length) {
    await writeBackground(dataDir, clip, vectors);
  }
  const texts: BackgroundTexts = { vectors: [], nonsense: [] };
  for (const [at, vector] of vectors.entries()) {
    if (vector.every((value) => value === 0)) continue;
    texts.vectors.push(vector);
    texts.nonsense.push(NONSENSE.includes(BACKGROUND[at]));
  }
  return texts;
}

/** Of the same text by the same graph, however its sums were split among threads. */
const SAME = 0.9999;

/**
 * Whether vectors are of this encoder: a model is known by its graph for pictures, and that for words,
 * or its vocabulary, may be another by now. A caption and a nonsense tell.
 */
async function areOf(encoder: TextEncoder, vectors: Float32Array[]): Promise<boolean> {
  for (const at of [0, BACKGROUND.length - 1]) {
    const vector = await encoder.embedText(BACKGROUND[at]);
    const product = vector.reduce((sum, value, i) => sum + value * vectors[at][i], 0);
    // Nothing is known of some texts, by either.
    const unknown = [vector, vectors[at]].map((one) => one.every((value) => value === 0));
    if (unknown[0] !== unknown[1] || !unknown[0] && product < SAME) return false;
  }
  return true;
}

async function embedAll(encoder: TextEncoder, stopping: () => boolean): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const text of BACKGROUND) {
    if (stopping()) break;
    vectors.push(await encoder.embedText(text));
  }
  return vectors;
}
