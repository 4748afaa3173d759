/// <reference lib="deno.worker" />
import { embedText } from "./clip.ts";
import { type FaceOptions, findFaces } from "./faces.ts";
import type { ResolvedModels } from "./pack.ts";
import { embedPixels, openSession } from "./session.ts";
import type { Reply } from "./thread.ts";
import { openTokenizer } from "./tokenizer.ts";
import { type DetectedFace, ImageError, type ImageFault } from "./types.ts";

/** What the main thread asks for; the first message opens the thread. */
export type Request =
  | { op: "open"; models: ResolvedModels; threads: number }
  | { op: "embedImages"; images: Uint8Array[] }
  | { op: "findFaces"; previews: Uint8Array[]; options: FaceOptions }
  | { op: "embedText"; text: string }
  | { op: "close" };

/** An ImageError as data: cloning would keep its message and lose what it is. */
export type FaceReply = DetectedFace[] | { fault: ImageFault; message: string };

let models: ResolvedModels;
let threads = 1;
const opened: { release(): Promise<void> }[] = [];

// Sessions open on first use and stay: a process that only embeds never loads a face model. Runs
// block this thread anyway, so one after the other loses nothing and keeps order.
const clipVisual = once(() => session(models.clip.visual.path));
const clipTextual = once(async () => ({
  session: await session(models.clip.textual.path),
  role: models.clip.textual,
  tokenize: openTokenizer(
    models.clip.tokenizer.kind,
    await Deno.readFile(models.clip.tokenizer.path),
  ),
}));
const facePair = once(async () => ({
  detector: { session: await session(models.faces.detector.path), role: models.faces.detector },
  recogniser: {
    session: await session(models.faces.recogniser.path),
    role: models.faces.recogniser,
  },
}));

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
      ({ models, threads } = request);
      return null;
    case "embedImages":
      return await embedPixels(await clipVisual(), models.clip.visual, request.images);
    case "findFaces": {
      const found = await findFaces(await facePair(), request.previews, request.options);
      return found.map((faces): FaceReply =>
        faces instanceof ImageError ? { fault: faces.fault, message: faces.message } : faces
      );
    }
    case "embedText":
      return await embedText(await clipTextual(), request.text);
    case "close":
      for (const session of opened) await session.release();
      return null;
  }
}

async function session(path: string) {
  const session = await openSession(path, threads);
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
