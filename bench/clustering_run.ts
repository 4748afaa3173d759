import { FACE_DEFAULTS } from "../jobs/clustering/face_defaults.ts";
import type { ProductBackend } from "../jobs/clustering/products.ts";
import { onnxProducts } from "../jobs/clustering/products_onnx.ts";
import { wasmProducts } from "../jobs/clustering/products_wasm.ts";
import { runClustering, type RunOptions } from "../jobs/clustering/run.ts";
import { coreSeconds, memory } from "./process.ts";
import { median, sleep, timed } from "./support.ts";

/** One measurement of `clustering.ts`, in a process of its own: order as JSON, figures likewise. */
export interface Wish {
  /** Vectors of 512 float32; there may be more of them than `count`. */
  file: string;
  count: number;
  rounds: number;
  /** A whole clustering; one with all that the file holds, after one of `count`; only products. */
  what: "whole" | "more" | "wasm";
  mode?: "exact" | "graph" | "lists";
  /** Cores; 0: all. */
  threads: number;
}

export interface Figures {
  seconds: number;
  bareSeconds: number;
  /** CPU seconds of the process meanwhile. */
  cores: number;
  bareCores: number;
  /** Most memory of the process in the first clustering, and before it, with the vectors. */
  peakMb: number;
  startMb: number;
  labels: number[];
  /** Until the thread has started and reports that it begins; null: not looked at. */
  firstReportMs: number | null;
  /** From then on: largest distance between the reported part and the elapsed part of the time. */
  distance: number | null;
  updatesPerSecond: number | null;
  cancelMs: number | null;
  gapMs: number | null;
}

const DIM = 512;

const wish: Wish = JSON.parse(Deno.args[0]);
const all = readVectors(wish.file), vectors = all.subarray(0, wish.count * DIM);
const figures = wish.what === "whole"
  ? await whole(wish)
  : wish.what === "more"
  ? await more(wish)
  : await products(wish);
console.log(JSON.stringify(figures));

function readVectors(path: string): Float32Array {
  const bytes = Deno.readFileSync(path);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return new Float32Array(shared);
}

/** How long something took by the clock, and in CPU seconds of all threads. */
interface Time {
  seconds: number;
  cores: number;
}

async function timeOf(work: () => Promise<unknown>): Promise<Time> {
  let ms = 0;
  const cores = await coreSeconds(async () => ms = await timed(work));
  return { seconds: ms / 1000, cores };
}

function medians(times: Time[], bare: Time[]) {
  return {
    seconds: median(times.map(({ seconds }) => seconds)),
    cores: median(times.map(({ cores }) => cores)),
    bareSeconds: median(bare.map(({ seconds }) => seconds)),
    bareCores: median(bare.map(({ cores }) => cores)),
  };
}

async function whole({ rounds, mode, threads }: Wish): Promise<Figures> {
  const options = { ...FACE_DEFAULTS, mode, threads };
  const startMb = memory(Deno.pid).resident;
  const first = await watched(options);
  const peakMb = memory(Deno.pid).peak;
  const runs = [first], bare: Time[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await bareTime(await onnxProducts(threads)));
    if (round > 0) runs.push(await watched(options));
  }
  bare.push(await bareTime(await onnxProducts(threads)));
  const all = medians(runs.map(({ time }) => time), bare);
  return {
    ...all,
    peakMb,
    startMb,
    labels: first.labels,
    firstReportMs: median(runs.map(({ firstReportMs }) => firstReportMs)),
    distance: median(runs.map(({ distance }) => distance)),
    updatesPerSecond: median(runs.map(({ updatesPerSecond }) => updatesPerSecond)),
    gapMs: Math.max(...runs.map(({ gapMs }) => gapMs)),
    cancelMs: await cancelled(options, all.seconds),
  };
}

/** Runs a clustering, looks at its progress, and at the longest time its caller could do nothing. */
async function watched(options: RunOptions) {
  const reports: { at: number; part: number }[] = [];
  let gapMs = 0, last = performance.now(), running = true;
  const beat = (async () => {
    while (running) {
      await sleep(1);
      const now = performance.now();
      gapMs = Math.max(gapMs, now - last);
      last = now;
    }
  })();
  let labels: Int32Array = new Int32Array();
  const start = performance.now();
  const time = await timeOf(async () => {
    ({ labels } = await runClustering(vectors, DIM, {
      ...options,
      onProgress: (done, total) =>
        reports.push({ at: performance.now() - start, part: done / total }),
    }));
  });
  const end = time.seconds * 1000, from = reports[0].at, elapsed = end - from;
  running = false;
  await beat;
  return {
    labels: [...labels],
    time,
    firstReportMs: from,
    distance: Math.max(...reports.map(({ at, part }) => Math.abs((at - from) / elapsed - part))),
    updatesPerSecond: reports.length / elapsed * 1000,
    gapMs,
  };
}

/** Milliseconds from a wish to stop, in the middle, until there is nothing left of the run. */
async function cancelled(options: RunOptions, seconds: number): Promise<number> {
  const abort = new AbortController();
  const run = runClustering(vectors, DIM, { ...options, signal: abort.signal })
    .then(() => false, () => true);
  await sleep(seconds * 500);
  let stopped = true;
  const ms = await timed(async () => {
    abort.abort();
    stopped = await run;
  });
  if (!stopped) throw new Error("The run ended before it was cancelled");
  return ms;
}

/** The time of all pairs' products in the tiles of a sweep, and nothing else. */
async function bareTime(products: ProductBackend): Promise<Time> {
  const { rowBlock, columnBlock } = products;
  const count = vectors.length / DIM;
  const tile = new Float32Array(rowBlock * columnBlock);
  const block = (first: number, size: number) =>
    vectors.subarray(first * DIM, Math.min(count, first + size) * DIM);
  // Whatever it does once, such as starting threads.
  await products.products(block(0, 1), block(0, 1), DIM, tile);
  await sleep(100);
  const time = await timeOf(async () => {
    for (let top = 0; top < count; top += rowBlock) {
      for (let left = top; left < count; left += columnBlock) {
        await products.products(block(top, rowBlock), block(left, columnBlock), DIM, tile);
      }
    }
  });
  await products.close();
  return time;
}

/** Groups `count` faces, then all of the file with what is kept of the first time. */
async function more({ rounds, mode, count, threads }: Wish): Promise<Figures> {
  const options = { ...FACE_DEFAULTS, mode, threads };
  const ids = Float64Array.from({ length: all.length / DIM }, (_, id) => id);
  const startMb = memory(Deno.pid).resident;
  const { lists = null } = await runClustering(vectors, DIM, {
    ...options,
    kept: { ids: ids.subarray(0, count), lists: null },
  });
  const times: Time[] = [], bare: Time[] = [];
  let labels: Int32Array = new Int32Array();
  for (let round = 0; round < rounds; round++) {
    times.push(
      await timeOf(async () => {
        ({ labels } = await runClustering(all, DIM, { ...options, kept: { ids, lists } }));
      }),
    );
    bare.push(await bareTime(await onnxProducts(threads)));
  }
  return { ...unwatched(startMb), ...medians(times, bare), labels: [...labels] };
}

async function products({ rounds, threads }: Wish): Promise<Figures> {
  const wasm: Time[] = [], onnx: Time[] = [];
  const startMb = memory(Deno.pid).resident;
  for (let round = 0; round < rounds; round++) {
    onnx.push(await bareTime(await onnxProducts(threads)));
    wasm.push(await bareTime(wasmProducts(threads)));
  }
  return { ...unwatched(startMb), ...medians(wasm, onnx), labels: [] };
}

function unwatched(startMb: number) {
  return {
    ...{ firstReportMs: null, distance: null, updatesPerSecond: null, cancelMs: null, gapMs: null },
    peakMb: memory(Deno.pid).peak,
    startMb,
  };
}
