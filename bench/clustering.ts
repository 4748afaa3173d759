import { join } from "node:path";
import { parseArgs } from "node:util";
import { agreement } from "../jobs/clustering/test_support.ts";
import type { Figures, Wish } from "./clustering_run.ts";
import { embeddings } from "./embeddings.ts";
import { circumstances } from "./process.ts";
import { figure, print, withFolder } from "./support.ts";

/**
 * The clustering of faces against the bare products below it: n²/2 × 512 multiply-adds in float32
 * with the faster backend, in the same process, before and after. Each figure is from a process of
 * its own, over generated embeddings. `--sizes 2000,10000` (100000 takes some minutes),
 * `--rounds 3`, `--exact-to 50000`: no exact mode beyond, `--seed 1`. `--threads 1` is for machines
 * with other programs on them: the ratio of CPU seconds on one core is disturbed by them little.
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    sizes: { type: "string", default: "2000,10000,20000" },
    rounds: { type: "string", default: "3" },
    "exact-to": { type: "string", default: "50000" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: "0" },
  },
});
const sizes = options.sizes.split(",").map(Number);
const rounds = Number(options.rounds), exactTo = Number(options["exact-to"]);
const threads = Number(options.threads);
/** Faces that come on top of a library that is grouped already. */
const MORE = 1000;

interface Row extends Figures {
  count: number;
  what: string;
  target?: number;
}

const rows: Row[] = [];
const agreements: Record<string, string | number>[] = [];
await withFolder(async (dir) => {
  for (const count of sizes) {
    const file = join(dir, `${count}.f32`);
    const { vectors, people } = embeddings(count + MORE, Number(options.seed));
    await Deno.writeFile(file, new Uint8Array(vectors.buffer));
    const measured = async (what: string, wish: Partial<Wish>, target?: number) => {
      const figures = await measure({ file, count, rounds, threads, what: "whole", ...wish });
      rows.push({ ...figures, count, what, target });
      return figures.labels;
    };
    const exact = count <= exactTo &&
      await measured("exact", { mode: "exact" }, exactTarget(count));
    const graph = await measured("graph", { mode: "graph" }, count >= 50_000 ? 1.3 : undefined);
    const lists = await measured("lists", { mode: "lists" }, count >= 100_000 ? .25 : undefined);
    await measured(
      `${MORE} more`,
      { mode: "graph", what: "more" },
      count >= 100_000 ? .04 : undefined,
    );
    await measured("bare products, wasm", { what: "wasm" }, 2.5);
    for (const [mode, labels] of Object.entries({ exact, graph, lists })) {
      if (!labels) continue;
      agreements.push({
        faces: count,
        mode,
        "ARI to exact": exact ? agreement(labels, exact).ari : "",
        "ARI to graph": agreement(labels, graph).ari,
        "ARI to the people": agreement(labels, people.subarray(0, count)).ari,
      });
    }
    await Deno.remove(file);
  }
});

console.log(`\n${circumstances()}`);
print(
  "clustering: times the bare products, and seconds",
  rows.map(({ count, what, target, seconds, bareSeconds, cores, bareCores, peakMb, startMb }) => ({
    faces: count,
    what,
    "÷ bare": seconds / bareSeconds,
    "CPU ÷ bare": cores / bareCores,
    "at most": target === undefined ? "" : figure(target),
    "s": seconds,
    "bare s": bareSeconds,
    "bare GMAC/s": count * count / 2 * 512 / bareSeconds / 1e9,
    "most MB": peakMb,
    "MB before": startMb,
  })),
);
print(
  "clustering: progress and cancellation",
  rows.filter(({ distance }) => distance !== null).map((row) => ({
    faces: row.count,
    what: row.what,
    "ms to the first report": row.firstReportMs!,
    "points off the time from then": row.distance! * 100,
    "updates a second": row.updatesPerSecond!,
    "ms until cancelled": row.cancelMs!,
    "longest gap of the caller, ms": row.gapMs!,
  })),
);
print("clustering: agreement (adjusted Rand index, noise as singletons)", agreements);

function exactTarget(count: number): number | undefined {
  return count === 10_000 ? 3 : count === 50_000 ? 2.2 : undefined;
}

async function measure(wish: Wish): Promise<Figures> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", new URL("./clustering_run.ts", import.meta.url).pathname],
      JSON.stringify(wish),
    ],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${JSON.stringify(wish)} ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}
