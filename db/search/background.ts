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
  const kept = dataDir === null ? null : await readBackground(dataDir, clip);
  const vectors = kept ?? await embedAll(encoder, stopping);
  if (!kept && dataDir !== null && vectors.length === BACKGROUND.length) {
    await writeBackground(dataDir, clip, vectors);
  }
  const found: BackgroundTexts = { vectors: [], nonsense: [] };
  for (const [at, vector] of vectors.entries()) {
    if (vector.every((value) => value === 0)) continue;
    found.vectors.push(vector);
    found.nonsense.push(NONSENSE.includes(BACKGROUND[at]));
  }
  return found;
}

async function embedAll(encoder: TextEncoder, stopping: () => boolean): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const text of BACKGROUND) {
    if (stopping()) break;
    vectors.push(await encoder.embedText(text));
  }
  return vectors;
}
