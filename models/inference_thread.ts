/// <reference lib="deno.worker" />
import { embedText } from "./clip.ts";
import type { Device } from "./devices/device.ts";
import { type FaceOptions, findFaces } from "./faces.ts";
import type { InferenceSession } from "./onnxruntime.ts";
import type { ResolvedModels } from "./pack.ts";
import { embedPixels, openSession } from "./session.ts";
import { openSteadySession, type SteadySession } from "./steady_session.ts";
import type { Notice, Reply } from "./thread.ts";
import { openTokenizer } from "./tokenizer.ts";
import { trimMemory } from "./trim_memory.ts";
import { type DetectedFace, ImageError, type ImageFault } from "./types.ts";

/** What the main thread asks for; the first message opens the thread. */
export type Request =
  | { op: "open"; models: ResolvedModels; threads: number; device: Device }
  | { op: "embedImages"; images: Uint8Array[] }
  | { op: "findFaces"; previews: Uint8Array[]; options: FaceOptions }
  | { op: "embedText"; text: string }
  | { op: "moveToCpu" }
  | { op: "useThreads"; threads: number }
  | { op: "close" };

/** What the thread says by itself. */
export type InferenceNotice =
  /** What it is at while nothing moves yet, such as "loading ViT-B/32 on webgpu"; null: that is over. */
  | { activity: string | null }
  /** The device failed, for this reason, and the CPU has taken over. */
  | { failed: string };

/** An ImageError as data: cloning would keep its message and lose what it is. */
export type FaceReply = DetectedFace[] | { fault: ImageFault; message: string };

let models: ResolvedModels;
let threads = 1;
let device: Device = "cpu";
const opened: InferenceSession[] = [];
const steadies: SteadySession[] = [];

// Sessions open on first use and stay: a process that only embeds never loads a face model. Runs
// block this thread anyway, so one after the other loses nothing and keeps order.
const clipVisual = once(() => steady(models.clip.visual.path));
const clipTextual = once(async () => ({
  // One sentence at a time, by somebody who waits for it: 30 ms of one core with ViT-B/32.
  session: await kept(openSession(models.clip.textual.path, { threads })),
  role: models.clip.textual,
  tokenize: openTokenizer(
    models.clip.tokenizer.kind,
    await Deno.readFile(models.clip.tokenizer.path),
  ),
}));
const facePair = once(async () => ({
  detector: { session: await steady(models.faces.detector.path), role: models.faces.detector },
  recogniser: {
    session: await steady(models.faces.recogniser.path),
    role: models.faces.recogniser,
  },
}));

// Shaders are compiled by the first run, so it belongs to the loading.
let first = true;

let last: Promise<void> = Promise.resolve();
self.onmessage = ({ data: { id, ...request } }: MessageEvent<Request & { id: number }>) => {
  last = last.then(() => answer(id, request as Request));
};

async function answer(id: number, request: Request): Promise<void> {
  try {
    const result = await carryOut(request);
    self.postMessage({ id, result } satisfies Reply);
  } catch (error) {
    const plain = error instanceof Error ? error : new Error(String(error));
    self.postMessage({ id, error: plain, name: plain.name } satisfies Reply);
  }
  if (request.op === "close") self.close();
}

async function carryOut(request: Request): Promise<unknown> {
  switch (request.op) {
    case "open":
      ({ models, threads, device } = request);
      return null;
    case "embedImages":
      return await loading(models.clip.identity.pack, async () => {
        return await embedPixels(await clipVisual(), models.clip.visual, request.images);
      });
    case "findFaces":
      return await loading(models.faces.identity.pack, async () => {
        const found = await findFaces(await facePair(), request.previews, request.options);
        return found.map((faces): FaceReply =>
          faces instanceof ImageError ? { fault: faces.fault, message: faces.message } : faces
        );
      });
    case "embedText":
      return await embedText(await clipTextual(), request.text);
    case "moveToCpu":
      device = "cpu";
      for (const session of steadies) await session.moveToCpu();
      return null;
    case "useThreads":
      threads = request.threads;
      for (const session of steadies) await session.useThreads(threads);
      return null;
    case "close":
      for (const session of opened) await session.release();
      trimMemory();
      return null;
  }
}

async function loading<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  if (!first) return await work();
  tell({ activity: `loading ${name} on ${device}` });
  try {
    const result = await work();
    first = false;
    return result;
  } finally {
    tell({ activity: null });
  }
}

const tell = (notice: InferenceNotice) => self.postMessage({ notice } satisfies Notice);

async function steady(path: string): Promise<SteadySession> {
  const session = await kept(openSteadySession(path, {
    threads,
    device,
    onFailure(reason) {
      device = "cpu";
      tell({ failed: reason });
    },
  }));
  steadies.push(session);
  return session;
}

async function kept<Session extends InferenceSession>(opening: Promise<Session>): Promise<Session> {
  const session = await opening;
  opened.push(session);
  return session;
}

// A failed opening is tried again at the next request: the file may be back by then.
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () =>
    made ??= make().catch((error) => {
      made = null;
      throw error;
    });
}
