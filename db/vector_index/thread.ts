/// <reference lib="deno.worker" />
import type { Reply } from "../../models/thread.ts";
import { trimMemory } from "../../models/trim_memory.ts";
import { code, type Database, isConnectionFault, openDatabase } from "../client.ts";
import { loadHnswlib } from "./addon.ts";
import { createGrowingIndex, type GrowingIndex } from "./growing.ts";
import type { Hit } from "./index.ts";
import { createSync, type Sync } from "./sync.ts";

/** What the main thread asks for; the first message opens the thread. */
export type Request =
  | { op: "open"; url: string; model: string; dimension: number }
  | { op: "catchUp" }
  | { op: "search"; vector: Float32Array; k: number }
  | { op: "close" };

/** An answer, or a database that did not answer: errors lose their code between threads. */
export type Found = { hits: Hit[]; size: number } | { unreachable: string; message: string };

// A search looks for changes unless somebody did just before it; a burst of searches looks once.
const FRESH_MS = 500;
// Without searches changes are still followed, so that the first one after an import is quick.
const IDLE_MS = 30_000;
// The graph is built in portions, between which searches are answered.
const PORTION_MS = 25;
// In portions: once a second.
const TRIM_EVERY = 40;

let database: Database | null = null;
let settings: Request & { op: "open" };
let index: GrowingIndex;
let sync: Sync;
let freshAt = -Infinity;
let closing = false;
let building = false;
let portions = 0;

let last: Promise<unknown> = Promise.resolve();
/** One thing after the other, in the order they were asked for. */
function enqueue<T>(task: () => T | Promise<T>): Promise<T> {
  const done = last.then(task);
  last = done.catch(() => {});
  return done;
}

self.onmessage = async ({ data: { id, ...request } }: MessageEvent<Request & { id: number }>) => {
  // Told at once, so that a long load ends early.
  if (request.op === "close") closing = true;
  try {
    const result = await enqueue(() => carryOut(request as Request));
    self.postMessage({ id, result } satisfies Reply);
  } catch (error) {
    const plain = error instanceof Error ? error : new Error(String(error));
    self.postMessage({ id, error: plain, name: plain.name } satisfies Reply);
  }
  if (request.op === "close") self.close();
};

async function carryOut(request: Request): Promise<unknown> {
  switch (request.op) {
    case "open":
      settings = request;
      index = createGrowingIndex(loadHnswlib(), request.dimension);
      setInterval(() => {
        // A fault here is the next search's to tell.
        enqueue(catchUp).catch(() => {});
      }, IDLE_MS);
      return null;
    case "catchUp":
      return await orUnreachable(async () => {
        await catchUp();
        return { hits: [], size: index.size };
      });
    case "search":
      return await orUnreachable(async () => {
        await catchUp();
        return { hits: index.search(request.vector, request.k), size: index.size };
      });
    case "close":
      await database?.close();
      return null;
  }
}

async function catchUp(): Promise<void> {
  const now = performance.now();
  if (closing || now - freshAt < FRESH_MS) return;
  if (!database) {
    database = await openDatabase(settings.url, { connections: 1, name: "safelight search" });
    sync = createSync(database.sql, index, settings.model);
  }
  await sync.catchUp(() => closing);
  freshAt = now;
  if (!building) buildOn();
}

function buildOn(): void {
  building = !closing && index.build(PORTION_MS);
  if (building) setTimeout(() => enqueue(buildOn), 0);
  // Vectors that moved to the graph are free, but glibc keeps them: 180 MB at 100,000 × 512.
  if (!building || ++portions % TRIM_EVERY === 0) trimMemory();
}

async function orUnreachable(find: () => Promise<Found>): Promise<Found> {
  try {
    return await find();
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!isConnectionFault(cause)) throw error;
    return { unreachable: code(cause), message: (error as Error).message };
  }
}
