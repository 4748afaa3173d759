import { createRecent } from "./recent.ts";
import type { TextEncoder } from "./stages.ts";

/** Two kilobytes each at 512 dimensions. */
const TEXTS = 500;
const KEPT_MS = 3_600_000;

/**
 * An encoder that embeds what was asked lately only once: the same words come again with every page
 * and every filter, and are most of what a search takes (40 ms of ViT-B/32's on two cores).
 */
export function rememberTexts(encoder: TextEncoder): TextEncoder {
  const embedded = createRecent<Promise<Float32Array>>({ most: TEXTS, ms: KEPT_MS });
  return {
    models: encoder.models,
    embedText(text) {
      const known = embedded.get(text);
      if (known) return known;
      const embedding = encoder.embedText(text);
      embedded.set(text, embedding);
      embedding.catch(() => embedded.delete(text));
      return embedding;
    },
    embedPicture: (bytes) => encoder.embedPicture(bytes),
    close: () => encoder.close(),
  };
}
