import { decodePhoto } from "./image.ts";
import type { Engine } from "./engine.ts";

/** After so long without a picture the graph of pictures gives its memory back. */
const IDLE_MS = 60_000;

/** Each may be 64 MB of file and the memory of its decoder; more wait. */
const MOST_ABREAST = 2;

/** What search needs of an engine: words, and now and then a picture somebody shows it. */
export interface SearchEncoder {
  models: Engine["models"];
  embedText(text: string): Promise<Float32Array>;
  /**
   * The unit vector of an encoded picture, exactly as training makes it of the same file. Rejects
   * with an ImageError for what cannot become a photo. Two are read at a time; others wait.
   */
  embedPicture(bytes: Uint8Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * The encoder of an engine that was opened for "text" and "images". Pictures are decoded in sharp's
 * threads and embedded in the engine's, which are started by the first and end a minute after the last.
 */
export function searchEncoder(engine: Engine): SearchEncoder {
  const waiting: (() => void)[] = [];
  let working = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  async function turn(): Promise<void> {
    if (working < MOST_ABREAST) {
      working++;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  // A place that somebody waits for is handed over: it is never free in between.
  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else working--;
  }

  return {
    models: engine.models,
    embedText: engine.embedText,
    async embedPicture(bytes) {
      await turn();
      clearTimeout(idle);
      try {
        const { clipPixels } = await decodePhoto(bytes, engine);
        const [vector] = await engine.embedImages([clipPixels]);
        return vector;
      } finally {
        leave();
        clearTimeout(idle);
        if (!closed) idle = setTimeout(() => engine.rest("images"), IDLE_MS);
      }
    },
    close() {
      closed = true;
      clearTimeout(idle);
      return engine.close();
    },
  };
}
