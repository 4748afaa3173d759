import { fileURLToPath } from "node:url";
import type { Device } from "./devices/device.ts";
import type { FaceOptions } from "./faces.ts";
import type { FaceReply, InferenceNotice, Request } from "./inference_thread.ts";
import { openPacks, type PackOptions } from "./pack.ts";
import { startThread, type Thread } from "./thread.ts";
import { type DetectedFace, ImageError, type ModelSet } from "./types.ts";

const SCRIPT = new URL("./inference_thread.ts", import.meta.url);

/** What a process may do with its engine; each role has a thread of its own, started on first use. */
export type EngineRole = "images" | "faces" | "text";

/** A text encoder that nobody has asked for so long gives its memory back. */
const IDLE_SECONDS = 300;

/** Inference, off the calling thread. */
export interface Engine {
  models: ModelSet;
  /** What the graphs of pictures run on, and, for a person, why; both change if a device fails. */
  readonly device: Device;
  readonly deviceReason: string;
  /** For a person: what it is at before the first results, such as "loading ViT-B/32 on webgpu". */
  readonly activity: string | null;
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
   * none of its words (the built-in one does that): such a text is like no picture. The encoder is
   * loaded by the first text, on the CPU, and dropped when idle.
   */
  embedText(text: string): Promise<Float32Array>;
  /**
   * How a role's graphs use the CPU from now on: ONNX Runtime's `threads` for each, and how many of
   * them run `abreast`, each with weights of its own, where several requests wait. Graphs that are
   * open are opened anew, after what was asked before; on a GPU there is one, as it is.
   */
  useThreads(role: EngineRole, threads: number, abreast?: number): void;
  /**
   * Loads the graph of pictures, while the first are read, and on a GPU compiles its shaders. What is
   * wrong with it the first request tells.
   */
  loadImages(): void;
  /** Gives back the memory of a role that nobody asks anything; its next request loads the graphs again. */
  rest(role: EngineRole): void;
  /** Has `changed` told whenever `device` or `activity` has changed. */
  watch(changed: (change: EngineChange) => void): void;
  /** Ends the threads once what they are at is done. Later calls reject. */
  close(): Promise<void>;
}

/** A thread's place: a role has one, or several that run its graphs abreast. */
type Seat = EngineRole | `${EngineRole} ${number}`;

/** What has changed about an engine. */
export type EngineChange = { what: "activity" } | { what: "device"; from: Device; reason: string };

export interface EngineOptions extends Omit<PackOptions, "builtinDir"> {
  builtinDir?: string;
  /** ONNX Runtime's per graph; all cores by default. */
  threads?: number;
  /** Limits what this engine may be asked. */
  roles?: EngineRole[];
  /** What to run on; the CPU unless given. Nothing is tried out here: see chooseDevice. */
  device?: Device;
  deviceReason?: string;
  /** After so long without a text the encoder is dropped. */
  idleSeconds?: number;
}

/**
 * Opens the models that openPacks finds for these options. Graphs are loaded by the first call that
 * needs them. Throws an Error that names the pack, file or folder that is wrong.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const builtinDir = options.builtinDir ?? fileURLToPath(new URL("./builtin", import.meta.url));
  const models = await openPacks({ ...options, builtinDir });
  const cores = options.threads ?? navigator.hardwareConcurrency;
  const threads: Record<EngineRole, number> = { images: cores, faces: cores, text: cores };
  const abreast: Record<EngineRole, number> = { images: 1, faces: 1, text: 1 };
  const running = new Map<Seat, Thread<Request>>();
  const asked = new Map<Seat, number>();
  const activities = new Map<Seat, string>();
  const watchers: ((change: EngineChange) => void)[] = [];
  let device = options.device ?? "cpu";
  let deviceReason = options.deviceReason ?? "nothing else was asked for";
  let idle: ReturnType<typeof setTimeout> | undefined;
  let dropped: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | null = null;

  const tell = (change: EngineChange) => watchers.forEach((changed) => changed(change));

  function hear(seat: Seat, notice: InferenceNotice): void {
    if ("failed" in notice) return fail(notice.failed);
    if (notice.activity === null) activities.delete(seat);
    else activities.set(seat, notice.activity);
    tell({ what: "activity" });
  }

  // What fails for one graph is of no use to the others: all go on on the CPU, which is what is shown.
  function fail(reason: string): void {
    if (device === "cpu") return;
    const from = device;
    device = "cpu";
    deviceReason = `${from} failed: ${reason}`;
    for (const thread of running.values()) {
      // The one that told has other graphs too. If this fails its next request will tell.
      if (!thread.dead) thread.ask({ op: "moveToCpu" }).catch(() => {});
    }
    tell({ what: "device", from, reason });
  }

  function ask(role: EngineRole, request: Request): Promise<unknown> {
    if (closing) return Promise.reject(new Error("The inference engine is closed"));
    if (options.roles && !options.roles.includes(role)) {
      return Promise.reject(
        new Error(`This engine was opened for ${options.roles.join(", ")}, not for ${role}`),
      );
    }
    const seat = leastAsked(role);
    let thread = running.get(seat);
    if (!thread || thread.dead) {
      thread = startThread<Request>(SCRIPT, `inference: ${seat}`, {
        noticed: (notice) => hear(seat, notice as InferenceNotice),
      });
      running.set(seat, thread);
      activities.delete(seat);
      // If this fails the thread has died, which the request itself will tell.
      thread.ask({ op: "open", models, threads: threads[role], device }).catch(() => {});
    }
    asked.set(seat, waiting(seat) + 1);
    return thread.ask(request).finally(() => asked.set(seat, waiting(seat) - 1));
  }

  const waiting = (seat: Seat) => asked.get(seat) ?? 0;

  // The first where all are free, so that one after the other needs no second copy of the weights.
  function leastAsked(role: EngineRole): Seat {
    const many = device === "cpu" ? abreast[role] : 1;
    const seats = Array.from({ length: many }, (_, at): Seat => at ? `${role} ${at + 1}` : role);
    return seats.reduce((least, seat) => waiting(seat) < waiting(least) ? seat : least);
  }

  // Whoever asks meanwhile gets a thread of its own.
  function drop(role: EngineRole): void {
    for (const [seat, thread] of [...running]) {
      if (seat.split(" ")[0] !== role || waiting(seat) > 0) continue;
      running.delete(seat);
      if (thread.dead) continue;
      // One that dies instead has given its memory back too.
      const closed = thread.ask({ op: "close" }).catch(() => {});
      dropped = Promise.all([dropped, closed]);
    }
  }

  return {
    models: { clip: models.clip.identity, faces: models.faces.identity },
    get device() {
      return device;
    },
    get deviceReason() {
      return deviceReason;
    },
    get activity() {
      return [...new Set(activities.values())].join(", ") || null;
    },
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
    embedText: async (text) => {
      clearTimeout(idle);
      const vector = await ask("text", { op: "embedText", text }) as Float32Array;
      clearTimeout(idle);
      if (!closing) {
        idle = setTimeout(() => drop("text"), (options.idleSeconds ?? IDLE_SECONDS) * 1000);
      }
      return vector;
    },
    useThreads: (role, count, many = 1) => {
      abreast[role] = many;
      if (count === threads[role] || closing) return;
      threads[role] = count;
      for (const [seat, thread] of running) {
        if (seat.split(" ")[0] !== role || thread.dead) continue;
        // If this fails its next request will tell.
        thread.ask({ op: "useThreads", threads: count }).catch(() => {});
      }
    },
    loadImages: () => {
      // Shaders are compiled by the first run; on a CPU one more ViT-B/32 would be 90 ms for nothing.
      const black = new Uint8Array(models.clip.visual.size ** 2 * 3);
      const images = device === "cpu" ? [] : [black];
      ask("images", { op: "embedImages", images }).catch(() => {});
    },
    rest: (role) => {
      if (!closing) drop(role);
    },
    watch: (changed) => {
      watchers.push(changed);
    },
    close: () => {
      clearTimeout(idle);
      return closing ??= dropped.then(() => closeAll(running.values()));
    },
  };
}

async function closeAll(threads: Iterable<Thread<Request>>): Promise<void> {
  const alive = [...threads].filter((thread) => !thread.dead);
  await Promise.all(alive.map((thread) => thread.ask({ op: "close" })));
}
