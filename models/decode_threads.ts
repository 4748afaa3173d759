import { lacksMemory } from "./decode_faults.ts";
import type { DecodeReply, DecodeRequest } from "./decode_thread.ts";
import { startThread, type Thread } from "./thread.ts";
import { ImageError } from "./types.ts";

const MOST_THREADS = Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1));
// Bytes a pixel takes on its way, measured on 12 megapixels: 210 MB of HEIC, 570 MB of JPEG XL.
const BYTES = { heic: 18, jxl: 48, bmp: 12, colour: 24, close: 0 };
// Three HEIC pictures of 12 megapixels, and the worker with its models stays below 1.6 GB.
const MOST_BYTES = 700e6;
// The JPEG XL decoder's memory ends at 2 GB. A pixel takes 30 bytes there, without loss 45: 60
// megapixels fit with loss only, and 71 do just so. libheif's ends at 4 GB.
const JXL_MOST_PIXELS = 2 ** 31 / 30;
const MAY_BE_TOO_MUCH = 2 ** 31;
const IDLE_MS = 15_000;

type DecodeThread = Thread<DecodeRequest>;
type Done = Exclude<DecodeReply, { fault: unknown }>;

const idle: DecodeThread[] = [];
/** The most bytes a picture took in each thread. */
const held = new Map<DecodeThread, number>();
const waiting: { bytes: number; begin: () => void }[] = [];
let busy = 0;
let bytesInHand = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * Carries out a request in a decode thread; `pixels` is how large the picture says it is. Threads are
 * started when needed, a few at most, and take no more pictures at a time than memory is set aside
 * for, that of threads which wait for the next one included, since WebAssembly gives none back; they
 * are dropped after 15 s without work. What a decoder says of the file is thrown as an ImageError, and
 * so is that a picture is larger than its decoder can hold. A thread that failed in any other way is
 * not used again; that error fails this one request.
 */
export async function inDecodeThread<Reply extends Done>(
  request: DecodeRequest,
  pixels: number,
): Promise<Reply> {
  const bytes = pixels * BYTES[request.op];
  if (request.op === "jxl" && pixels > JXL_MOST_PIXELS) throw tooLarge(pixels);
  await turn(bytes);
  try {
    const thread = takeIdle() ??
      startThread<DecodeRequest>(new URL("./decode_thread.ts", import.meta.url), "decoding");
    held.set(thread, Math.max(bytes, held.get(thread) ?? 0));
    closeSurplus();
    const reply = await thread.ask(request).catch((error) => {
      // After an abort a WebAssembly module is in no state to go on.
      close(thread);
      const { op } = request;
      const full = (op === "heic" || op === "jxl") && bytes > MAY_BE_TOO_MUCH;
      throw full ? tooLarge(pixels, error) : asFault(error);
    }) as DecodeReply;
    idle.push(thread);
    closeSurplus();
    if ("fault" in reply) throw new ImageError(reply.fault, reply.message);
    return reply as Reply;
  } finally {
    busy--;
    bytesInHand -= bytes;
    beginNext();
    clearTimeout(timer);
    timer = setTimeout(closeDecodeThreads, IDLE_MS);
  }
}

/** Asks the threads that have nothing to do to close. */
export function closeDecodeThreads(): void {
  clearTimeout(timer);
  for (const thread of idle.splice(0)) close(thread);
}

function takeIdle(): DecodeThread | undefined {
  for (let thread = idle.pop(); thread; thread = idle.pop()) {
    if (!thread.dead) return thread;
    held.delete(thread);
  }
}

// The last to have worked first: it is the one whose picture was too large to keep its memory.
function closeSurplus(): void {
  const total = () => held.values().reduce((sum, bytes) => sum + bytes, 0);
  while (idle.length > 0 && total() > MOST_BYTES) close(idle.pop()!);
}

function close(thread: DecodeThread): void {
  held.delete(thread);
  // There is no answer to this, and a thread that is dead already needs none.
  thread.ask({ op: "close" }).catch(() => {});
}

function turn(bytes: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push({ bytes, begin: resolve });
  beginNext();
  return promise;
}

// In the order they came; the largest picture of all has its turn when nothing else is in hand.
function beginNext(): void {
  while (waiting.length > 0 && busy < MOST_THREADS) {
    const { bytes, begin } = waiting[0];
    if (busy > 0 && bytesInHand + bytes > MOST_BYTES) return;
    waiting.shift();
    busy++;
    bytesInHand += bytes;
    begin();
  }
}

const tooLarge = (pixels: number, cause?: Error) =>
  new ImageError(
    "too_large",
    `The picture has ${Math.round(pixels / 1e6)} million pixels, more than its decoder can hold; ` +
      "saved as JPEG it can be read",
    { cause },
  );

function asFault(error: Error): Error {
  // Memory that was not there may be there next time, and so may a thread.
  if (lacksMemory(error.message) || /^The thread/.test(error.message)) {
    return new Error(`Cannot decode: ${error.message}`, { cause: error });
  }
  return new ImageError("corrupt", `The file is damaged: its decoder gave up (${error.message})`, {
    cause: error,
  });
}
