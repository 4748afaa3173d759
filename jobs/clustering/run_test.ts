import assert from "node:assert/strict";
import { cluster } from "./cluster.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import { runClustering } from "./run.ts";
import { normalise, seeded } from "./test_support.ts";

const DIM = 64;

function faces(count: number, dim = DIM): Float32Array {
  const random = seeded(5);
  return normalise(Float32Array.from({ length: count * dim }, () => random() - .5), dim);
}

/** Some hundred people of some pictures each, a fifth of the faces strangers. */
function library(count: number): Float32Array {
  const random = seeded(6);
  const people = Math.ceil(count / 60);
  const centres = faces(people);
  const rows = new Float32Array(count * DIM);
  for (let p = 0; p < count; p++) {
    const person = Math.floor(random() ** 2 * people);
    for (let i = 0; i < DIM; i++) {
      const own = random() - .5;
      rows[p * DIM + i] = p % 5 === 0 ? own : centres[person * DIM + i] + .36 * own;
    }
  }
  return normalise(rows, DIM);
}

Deno.test("the thread gives what the function gives, and reports to the end", async () => {
  const vectors = faces(1500);
  const shared = new Float32Array(new SharedArrayBuffer(vectors.byteLength));
  shared.set(vectors);
  const kept = { ids: Float64Array.from({ length: 1500 }, (_, p) => p), lists: null };
  const constraints = { photos: Int32Array.from({ length: 1500 }, (_, p) => p >> 1) };
  for (const options of [{ minSamples: 2 }, { minSamples: 2, kept, constraints }]) {
    const expected = await cluster(vectors, DIM, options);
    for (const input of [vectors, shared]) {
      const calls: [number, number][] = [];
      const onProgress = (done: number, total: number) => calls.push([done, total]);
      const result = await runClustering(input, DIM, { ...options, onProgress });
      assert.deepEqual(result, expected);
      assert.equal(calls[0][0], 0);
      assert.equal(calls.at(-1)![0], calls[0][1]);
      assert.ok(calls.every(([done], i) => i === 0 || done > calls[i - 1][0]));
    }
  }
  assert.equal(vectors.length, 1500 * DIM, "the caller keeps its array");
});

Deno.test("kept lists that are not shared come across, and back", async () => {
  const vectors = library(1200);
  const ids = Float64Array.from({ length: 1200 }, (_, p) => p);
  const some = { ids: ids.subarray(0, 1000), lists: null };
  const first = await runClustering(vectors.subarray(0, 1000 * DIM), DIM, { kept: some });
  const lists = first.lists!;
  const next = await runClustering(vectors, DIM, { kept: { ids, lists } });
  assert.deepEqual(next.labels, (await cluster(vectors, DIM)).labels);
  assert.ok(lists.length > 0 && next.lists!.length > lists.length, "the caller keeps its own");
});

/** Quiet attempts count: on a busy machine any timer is late now and then. */
async function bestOf<T>(
  attempts: number,
  attempt: () => Promise<T>,
  good: (result: T) => boolean,
) {
  const results: T[] = [];
  for (let i = 0; i < attempts; i++) {
    results.push(await attempt());
    if (good(results.at(-1)!)) return;
  }
  assert.fail(`none of ${attempts} attempts: ${results.map((result) => JSON.stringify(result))}`);
}

/** A thread that does nothing else than to see how late its timer comes. */
function idleThread() {
  const code = `let last = performance.now(), longest = 0;
    setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    self.onmessage = () => self.postMessage(longest);`;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(code)}`, {
    type: "module",
  });
  return async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(0);
    return await promise.finally(() => worker.terminate());
  };
}

Deno.test("the calling thread is held up for 20 ms at most, with all that is handed over", async () => {
  // 33 MB that are not in shared memory, and plain JavaScript products: no turn of the event loop.
  const vectors = faces(1000, 8192);
  const ids = Float64Array.from({ length: 1000 }, (_, p) => p);
  const attempt = async () => {
    const idle = idleThread();
    let last = performance.now(), longest = 0, turns = 0;
    const timer = setInterval(() => {
      turns++;
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await runClustering(vectors, 8192, { products: "js", kept: { ids, lists: null } });
    clearInterval(timer);
    assert.ok(turns >= 10, `${turns} turns`);
    return { longest, ofAnIdleThread: await idle() };
  };
  await bestOf(6, attempt, ({ longest, ofAnIdleThread }) => longest <= 20 + ofAnIdleThread);
});

Deno.test("progress comes across about every 50 ms, not more often", async () => {
  const vectors = library(6000);
  const times: number[] = [];
  const onProgress = () => void times.push(performance.now());
  await runClustering(vectors, DIM, { ...FACE_DEFAULTS, products: "js", onProgress });
  const gaps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  const usual = gaps[Math.floor(gaps.length / 2)];
  assert.ok(gaps.length >= 5 && usual >= 35, `${gaps.length} times, usually after ${usual} ms`);
});

for (const products of ["js", "wasm", "onnx"] as const) {
  Deno.test(`an abort reaches the thread by shared memory, ${products}`, async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let last = 0, all = 1;
    const run = runClustering(faces(8000), DIM, {
      products,
      signal: controller.signal,
      onProgress(done, total) {
        [last, all] = [done, total];
        if (done > 0) controller.abort(reason);
      },
    });
    await assert.rejects(run, reason);
    assert.ok(last > 0 && last < all, `stopped at ${last} of ${all}`);
  });
}

Deno.test("an abort takes 50 ms at most, whatever is under way", async () => {
  const vectors = library(6000);
  const photos = Int32Array.from({ length: 6000 }, (_, p) => p >> 1);
  const options = { ...FACE_DEFAULTS, products: "js" as const, constraints: { photos } };
  for (const mode of ["exact", "graph"] as const) {
    for (const part of [.05, .5, .8, .85, .9]) {
      const attempt = async () => {
        const controller = new AbortController();
        let abortedAt = NaN;
        const run = runClustering(vectors, DIM, {
          ...options,
          mode,
          signal: controller.signal,
          onProgress(done, total) {
            if (done < part * total || controller.signal.aborted) return;
            abortedAt = performance.now();
            controller.abort();
          },
        });
        // What is over before it is told of cannot be cancelled: once more.
        const ended = await run.then(() => "done", (error) => error.name);
        return { ended, late: performance.now() - abortedAt };
      };
      await bestOf(8, attempt, ({ ended, late }) => ended === "AbortError" && late <= 50);
    }
  }
});

Deno.test("an abort before the start begins nothing", async () => {
  await assert.rejects(runClustering(faces(10), DIM, { signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

Deno.test("an abort while the vectors are handed over begins nothing", async () => {
  const controller = new AbortController();
  const reason = new Error("not now");
  const run = runClustering(faces(2500, 4096), 4096, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(run, reason);
});

Deno.test("errors come across: of the input, and of the caller's own onProgress", async () => {
  await assert.rejects(
    runClustering(new Float32Array(DIM), DIM),
    (error) => error instanceof RangeError && /vector 0 is all zeros/.test(error.message),
  );
  const own = new Error("the page is gone");
  const onProgress = () => {
    throw own;
  };
  await assert.rejects(runClustering(faces(3000), DIM, { onProgress }), own);
});
