import { fileURLToPath } from "node:url";
import type { FaceOptions } from "./faces.ts";
import type { FaceReply, Request } from "./inference_thread.ts";
import { openPacks } from "./pack.ts";
import { startThread, type Thread } from "./thread.ts";
import { type DetectedFace, ImageError, type ModelSet } from "./types.ts";

const SCRIPT = new URL("./inference_thread.ts", import.meta.url);

/** What a process may do with its engine; each role has a thread of its own, started on first use. */
export type EngineRole = "images" | "faces" | "text";

/** Inference, off the calling thread. */
export interface Engine {
  models: ModelSet;
  /** What the graphs run on. */
  device: string;
  /** Side in pixels of the pictures `embedImages` takes. */
  clipSize: number;
  /** What the packs say of their models: cosines for faces, a detection score; licences. */
  thresholds: { detection: number; certain: number; likely: number };
  licences: { clip: string; faces: string };
  /** For a person: what in the models folder is not used, and why. */
  warnings: string[];
  /** L2-normalised vectors of RGB pictures of `clipSize` × `clipSize` pixels, in their order. */
  embedImages(images: Uint8Array[]): Promise<Float32Array[]>;
  /**
   * The faces in every preview (JPEG), best first; `minScore` 0…1, `minSize` the box's shorter side
   * in preview pixels. A preview that cannot be read gives its ImageError, not a rejection.
   */
  findFaces(
    previews: Uint8Array[],
    options: FaceOptions,
  ): Promise<(DetectedFace[] | ImageError)[]>;
  /**
   * The L2-normalised vector of a text, in the space of the pictures; all zeros if the model knows
   * none of its words (the built-in one does that): such a text is like no picture.
   */
  embedText(text: string): Promise<Float32Array>;
  /** Ends the threads once what they are at is done. Later calls reject. */
  close(): Promise<void>;
}

/**
 * Opens the models of `modelsDir` (null: none of the user's own), filled up from the built-in pack.
 * Graphs are loaded by the first call that needs them. `threads` are ONNX Runtime's per graph (all
 * cores by default), `roles` limits what this engine may be asked. Throws an Error that names the
 * pack, file or folder that is wrong.
 */
export async function openEngine(options: {
  modelsDir: string | null;
  builtinDir?: string;
  threads?: number;
  roles?: EngineRole[];
}): Promise<Engine> {
  const builtinDir = options.builtinDir ?? fileURLToPath(new URL("./builtin", import.meta.url));
  const models = await openPacks({ modelsDir: options.modelsDir, builtinDir });
  const threads = options.threads ?? navigator.hardwareConcurrency;
  const running = new Map<EngineRole, Thread<Request>>();
  let closing: Promise<void> | null = null;

  function ask(role: EngineRole, request: Request): Promise<unknown> {
    if (closing) return Promise.reject(new Error("The inference engine is closed"));
    if (options.roles && !options.roles.includes(role)) {
      return Promise.reject(
        new Error(`This engine was opened for ${options.roles.join(", ")}, not for ${role}`),
      );
    }
    let thread = running.get(role);
    if (!thread || thread.dead) {
      thread = startThread<Request>(SCRIPT, `inference: ${role}`);
      running.set(role, thread);
      // If this fails the thread has died, which the request itself will tell.
      thread.ask({ op: "open", models, threads }).catch(() => {});
    }
    return thread.ask(request);
  }

  return {
    models: { clip: models.clip.identity, faces: models.faces.identity },
    device: "cpu",
    clipSize: models.clip.visual.size,
    thresholds: { ...models.faces.detector.thresholds, ...models.faces.recogniser.thresholds },
    licences: { clip: models.clip.licence, faces: models.faces.licence },
    warnings: models.warnings,
    embedImages: (images) =>
      ask("images", { op: "embedImages", images }) as Promise<Float32Array[]>,
    findFaces: async (previews, options) => {
      const replies = await ask("faces", { op: "findFaces", previews, options }) as FaceReply[];
      return replies.map((reply) =>
        Array.isArray(reply) ? reply : new ImageError(reply.fault, reply.message)
      );
    },
    embedText: (text) => ask("text", { op: "embedText", text }) as Promise<Float32Array>,
    close: () => closing ??= closeAll(running.values()),
  };
}

async function closeAll(threads: Iterable<Thread<Request>>): Promise<void> {
  const alive = [...threads].filter((thread) => !thread.dead);
  await Promise.all(alive.map((thread) => thread.ask({ op: "close" })));
}
