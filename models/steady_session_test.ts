import assert from "node:assert/strict";
import { join } from "node:path";
import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import { batchSizes, embedPixels, openSession, type SessionOptions } from "./session.ts";
import { openSteadySession } from "./steady_session.ts";
import { tinyGraphs } from "./tiny_pack.ts";

// What a real device's failures are is tested on SwiftShader (devices/webgpu_test.ts). Losing the
// device cannot be provoked there, so here the narrowest seam fails: the run of a session that
// otherwise is a real one on the CPU.

interface Bench {
  path: string;
  failures: string[];
  runs: string[];
  session: Awaited<ReturnType<typeof openSteadySession>>;
}

async function withFailing(
  fails: (items: number, run: number) => string | null,
  use: (bench: Bench) => Promise<void>,
) {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "visual.onnx");
  await Deno.writeFile(path, tinyGraphs.visual("N", 16));
  const [failures, runs]: string[][] = [[], []];
  let count = 0;
  const open = async (path: string, { threads, device = "cpu" }: SessionOptions) => {
    const inner = await openSession(path, { threads });
    return new Proxy(inner, {
      get(target, name) {
        if (name !== "run") return Reflect.get(target, name);
        return (feeds: InferenceSession.OnnxValueMapType) => {
          const items = Object.values(feeds)[0].dims[0];
          runs.push(`${device} ${items}`);
          const fault = device === "cpu" ? null : fails(items, ++count);
          return fault ? Promise.reject(new Error(fault)) : target.run(feeds);
        };
      },
    });
  };
  const session = await openSteadySession(path, {
    threads: 1,
    device: "webgpu",
    onFailure: (reason) => failures.push(reason),
    open,
  });
  try {
    await use({ path, failures, runs, session });
  } finally {
    await session.release();
    await Deno.remove(dir, { recursive: true });
  }
}

const ROLE = {
  input: "image",
  size: 16,
  dimension: 3,
  mean: [0, 0, 0] as [number, number, number],
  std: [1, 1, 1] as [number, number, number],
};

/** Pictures of one channel each: their vectors are the axes, in turn. */
const pictures = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => Uint8Array.from({ length: 768 }, (_, at) => at % 3 === i % 3 ? 255 : 0),
  );

function assertAxes(vectors: Float32Array[], count: number) {
  assert.equal(vectors.length, count);
  for (const [i, vector] of vectors.entries()) assert.equal(vector.indexOf(1), i % 3);
}

Deno.test("too large a batch is halved until it fits; the results are in order", () =>
  withFailing((items) => items > 2 ? "out of memory" : null, async (bench) => {
    assertAxes(await embedPixels(bench.session, ROLE, pictures(11)), 11);
    assert.deepEqual(bench.failures, []);
    assert.deepEqual(bench.runs.slice(0, 4), ["webgpu 8", "webgpu 4", "webgpu 2", "webgpu 2"]);
    assert.equal(batchSizes(bench.session).current(), 2);
    // What was too much is not tried again.
    bench.runs.length = 0;
    assertAxes(await embedPixels(bench.session, ROLE, pictures(6)), 6);
    assert.deepEqual(bench.runs, ["webgpu 2", "webgpu 2", "webgpu 2"]);
  }));

Deno.test("a device that is lost in the middle is left for the CPU, once and with its reason", () =>
  withFailing((_, run) => run > 1 ? "the device is lost" : null, async (bench) => {
    assertAxes(await embedPixels(bench.session, ROLE, pictures(20)), 20);
    assert.deepEqual(bench.failures, ["the device is lost"]);
    // What did not fit there was no matter of size.
    assert.equal(batchSizes(bench.session).current(), 4);
    assert.ok(bench.runs.includes("webgpu 8") && bench.runs.includes("cpu 1"));
    bench.runs.length = 0;
    assertAxes(await embedPixels(bench.session, ROLE, pictures(4)), 4);
    assert.ok(bench.runs.every((run) => run.startsWith("cpu")));
  }));

Deno.test("batches on the CPU are the CPU's, however large they had become on a GPU", () =>
  withFailing(() => null, async ({ session }) => {
    for (let run = 0; run < 4; run++) batchSizes(session).record(8, 1 / (run + 1));
    assert.equal(batchSizes(session).current(), 16);
    await session.moveToCpu();
    assert.equal(batchSizes(session).current(), 4);
    assertAxes(await embedPixels(session, ROLE, pictures(9)), 9);
  }));

Deno.test("what fails on the CPU too is not the device's fault", () =>
  withFailing((items) => items === 1 ? "bad dimensions" : null, async (bench) => {
    const wrong = new Tensor("float32", new Float32Array(3 * 16 * 8), [1, 3, 16, 8]);
    await assert.rejects(bench.session.run({ image: wrong }), /invalid dimensions/);
    assert.deepEqual(bench.failures, []);
  }));

Deno.test("a device that opens nothing is told at once; a graph that nothing opens is an error", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "visual.onnx");
  await Deno.writeFile(path, tinyGraphs.visual("N", 16));
  const failures: string[] = [];
  // No CUDA libraries come with the package, and CoreML is a Mac's: one of them fails anywhere.
  const device = Deno.build.os === "darwin" ? "cuda" : "coreml";
  const options = {
    threads: 1,
    device,
    onFailure: (reason: string) => failures.push(reason),
  } as const;
  const session = await openSteadySession(path, options);
  assertAxes(await embedPixels(session, ROLE, pictures(3)), 3);
  assert.equal(failures.length, 1);
  await session.release();
  await Deno.writeTextFile(path, "damaged");
  await assert.rejects(openSteadySession(path, options), /Cannot open ".*visual\.onnx"/);
  await Deno.remove(dir, { recursive: true });
});
