import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { DecodeReply } from "./decode_thread.ts";
import { closeDecodeThreads, inDecodeThread } from "./decode_threads.ts";
import { ImageError } from "./types.ts";

type Tiff = Extract<DecodeReply, { tiff: unknown }>;

const bmp = await Deno.readFile(new URL("./fixtures/24.bmp", import.meta.url));
const jxl = await Deno.readFile(new URL("./fixtures/p3.jxl", import.meta.url));

const decode = (bytes: Uint8Array, pixels = 187) =>
  inDecodeThread<Tiff>({ op: "bmp", bytes }, pixels);

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test("many pictures at once all come back, each with its own pixels", options, async () => {
  const widths = Array.from({ length: 40 }, (_, index) => index + 1);
  const made = await Promise.all(widths.map(async (width) => {
    const file = Buffer.alloc(54 + Math.ceil(width * 3 / 4) * 4, width);
    file.set(bmp.subarray(0, 54));
    file.writeInt32LE(width, 18);
    file.writeInt32LE(1, 22);
    return await decode(file, width);
  }));
  assert.deepEqual(made.map(({ width }) => width), widths);
  made.forEach(({ tiff }, index) => assert.equal(tiff.at(-1), widths[index]));
  closeDecodeThreads();
});

Deno.test(
  "a picture larger than all the memory set aside has its turn alone",
  options,
  async () => {
    const sizes = [1, 500_000_000, 500_000_000, 1];
    const made = await Promise.all(sizes.map((pixels) => decode(bmp, pixels)));
    assert.ok(made.every(({ width, height }) => width === 17 && height === 11));
    closeDecodeThreads();
  },
);

Deno.test(
  "what fails, fails alone: damaged files, and requests that break the thread",
  options,
  async () => {
    const damaged = bmp.with(28, 7);
    // No decoder expects these: what they throw is no word about the file.
    const broken = { op: "colour", pixels: null, colour: null } as unknown as Parameters<
      typeof inDecodeThread
    >[0];
    const results = await Promise.allSettled([
      decode(bmp),
      decode(damaged),
      inDecodeThread(broken, 1),
      decode(bmp),
      inDecodeThread<Tiff>({ op: "jxl", bytes: jxl }, 3072),
      inDecodeThread(broken, 1),
      decode(bmp),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "rejected", "fulfilled", "fulfilled", "rejected", "fulfilled"],
    );
    for (const result of results) {
      if (result.status === "rejected") assert.ok(result.reason instanceof ImageError);
    }
    assert.equal((await decode(bmp)).width, 17);
    closeDecodeThreads();
  },
);

Deno.test(
  "threads without work close, and are started again when there is some",
  options,
  async () => {
    for (let round = 0; round < 3; round++) {
      assert.equal((await decode(bmp)).width, 17);
      closeDecodeThreads();
    }
  },
);

/** Keeps what threads are started while `run` runs; `refused` of them cannot be started. */
async function startedBy(run: (started: Worker[]) => Promise<void>, refused = 0): Promise<void> {
  const { Worker } = globalThis;
  const started: Worker[] = [];
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      if (refused-- > 0) throw new Error("no thread to be had");
      super(url, options);
      started.push(this);
    }
  };
  try {
    await run(started);
  } finally {
    globalThis.Worker = Worker;
    closeDecodeThreads();
  }
}

Deno.test("a thread is kept, unless a large picture's memory stays with it", options, async () => {
  await startedBy(async (started) => {
    await decode(bmp);
    await decode(bmp);
    assert.equal(started.length, 1);
    await decode(bmp, 500_000_000);
    await decode(bmp);
    assert.equal(started.length, 2);
  });
});

Deno.test("a thread that died while it waited is replaced", options, async () => {
  await startedBy(async (started) => {
    await decode(bmp);
    started[0].onerror!(new ErrorEvent("error", { message: "out of memory", cancelable: true }));
    assert.equal((await decode(bmp)).width, 17);
    assert.equal(started.length, 2);
    started[0].terminate();
  });
});

Deno.test("threads that cannot be started keep no place", options, async () => {
  await startedBy(async () => {
    for (let n = 0; n < 8; n++) await assert.rejects(decode(bmp), /no thread to be had/);
    assert.equal((await decode(bmp)).width, 17);
  }, 8);
});

Deno.test("what its decoder cannot hold is too large, not damaged", options, async () => {
  const fault = (bytes: Uint8Array, pixels: number) =>
    inDecodeThread({ op: "jxl", bytes }, pixels).then(
      () => null,
      (error) => error instanceof ImageError ? error.fault : String(error),
    );
  // As a decoder that breaks: out of memory if the picture is large, else for a fault in the file.
  const breaks = null as unknown as Uint8Array;
  assert.equal(await fault(jxl, 60e6), null);
  assert.equal(await fault(jxl, 72e6), "too_large");
  assert.equal(await fault(breaks, 60e6), "too_large");
  assert.equal(await fault(breaks, 12e6), "corrupt");
  closeDecodeThreads();
});
