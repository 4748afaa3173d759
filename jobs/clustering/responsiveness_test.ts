import assert from "node:assert/strict";
import process from "node:process";
import { cluster, type ClusterOptions } from "./cluster.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import { floats32, normalise, seeded, withReference } from "./test_support.ts";

/*
 * How often a clustering looks at the flag that cancels and tells of its progress, in time of the
 * processor that it uses itself: a busy machine takes nothing from that.
 */

const DIM = 32;

/** People of all sizes, one with a third of all faces; half of them in bursts; a fifth strangers. */
function library(count: number): Float32Array {
  const random = seeded(6);
  const people = Math.ceil(count / 60);
  const centres = Array.from({ length: people * DIM }, () => random() - .5);
  const rows = new Float32Array(count * DIM);
  for (let p = 0; p < count; p++) {
    const person = p % 3 === 0 ? 0 : Math.floor(random() ** 2 * people);
    const copied = p > 10 && random() < .5 ? (p - 1 - Math.floor(random() * 10)) * DIM : -1;
    for (let i = 0; i < DIM; i++) {
      const own = random() - .5;
      rows[p * DIM + i] = copied >= 0
        ? rows[copied + i] + .03 * own
        : p % 5 === 0
        ? own
        : centres[person * DIM + i] + .5 * own;
    }
  }
  return normalise(rows, DIM);
}

const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Runs once; answers the longest stretch between two looks and between two risings, in ms. */
async function stretches(vectors: Float32Array, dim: number, options: ClusterOptions) {
  let lastLook = spent(), look = 0, at = 0, lastRise = NaN, rise = 0, part = 0;
  await cluster(vectors, dim, {
    ...options,
    signal: {
      get aborted() {
        const now = spent();
        if (now - lastLook > look) [look, at] = [now - lastLook, part];
        lastLook = now;
        return false;
      },
    },
    onProgress(done, total) {
      const now = spent();
      if (done > 0) rise = Math.max(rise, now - lastRise);
      lastRise = now;
      part = done / total;
    },
  });
  return { look, at, rise };
}

const kept = (count: number) => ({
  ids: Float64Array.from({ length: count }, (_, p) => p),
  lists: null,
});
const photos = (count: number) => Int32Array.from({ length: count }, (_, p) => p >> 1);
const people = (count: number) => Int32Array.from({ length: count }, (_, p) => p % 50 ? -1 : p % 7);

const COUNT = 20_000;
const variants: Record<string, ClusterOptions> = {
  "exact": { mode: "exact" },
  "exact, collapsed": { ...FACE_DEFAULTS, mode: "exact" },
  "graph, collapsed, kept": { ...FACE_DEFAULTS, mode: "graph", kept: kept(COUNT) },
  "graph, constrained": {
    ...FACE_DEFAULTS,
    mode: "graph",
    constraints: { photos: photos(COUNT), people: people(COUNT) },
  },
  "lists": { ...FACE_DEFAULTS, mode: "lists" },
};

for (const [name, options] of Object.entries(variants)) {
  Deno.test(`the flag is looked at every 50 ms, and progress rises every 100: ${name}`, async () => {
    const vectors = library(COUNT);
    const tries = [];
    // Compiling and collecting garbage in other threads are of the same process.
    for (let i = 0; i < 3; i++) {
      const { look, at, rise } = await stretches(vectors, DIM, {
        ...options,
        products: "wasm",
        threads: 1,
      });
      if (look <= 50 && rise <= 100) return;
      tries.push(`${look} ms at ${at}, ${rise} ms`);
    }
    assert.fail(tries.join("; "));
  });
}

Deno.test(
  "the fraction told is about that of the time taken",
  withReference(async (folder) => {
    const vectors = floats32(`${folder}/n10k.emb.f32`);
    for (const mode of ["exact", "graph"] as const) {
      const calls: { time: number; part: number }[] = [];
      await cluster(vectors, 512, {
        ...FACE_DEFAULTS,
        mode,
        products: "wasm",
        threads: 1,
        onProgress: (done, total) => calls.push({ time: spent(), part: done / total }),
      });
      const [first, last] = [calls[0].time, calls.at(-1)!.time];
      const off = calls.map(({ time, part }) => part - (time - first) / (last - first));
      const worst = off.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      // On a quiet machine 3 points: bench/clustering.ts measures that.
      assert.ok(worst <= .1, `${mode}: ${worst}`);
    }
  }),
);
