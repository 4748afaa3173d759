import { join } from "node:path";
import { parseArgs } from "node:util";
import { seeded } from "../jobs/clustering/test_support.ts";
import { circumstances } from "./process.ts";
import { print, withFolder } from "./support.ts";
import { chosen, type Figures, rowsOf, type Wish } from "./vectors_run.ts";

/**
 * The index without a database: building, memory, and recall@10 with the time it takes, over all and
 * among half, a twentieth and a two-hundredth of the ids, against bare hnswlib, usearch and a scan of
 * everything. Unit vectors of 512 in groups of fifty. `--counts 100000` (1000000 takes 5 GB, two
 * hours); `--queries 200`; `--file FILE`: vectors, made where they are not there; `--graph FILE`:
 * a graph of them that hnswlib wrote, read instead of built; `--no-peer`; `--only safelight`.
 */
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    counts: { type: "string", default: "100000" },
    queries: { type: "string", default: "200" },
    file: { type: "string" },
    graph: { type: "string" },
    only: { type: "string" },
    "no-peer": { type: "boolean", default: false },
  },
});
const DIMENSION = 512, K = 10;
const SHARES = [1, .5, .05, .005];
const queries = Number(options.queries);

const peer = !options["no-peer"] && (options.only ?? "usearch") === "usearch";
if (peer) {
  await deno(["install", "--quiet", "--frozen"], new URL("./peer", import.meta.url).pathname);
}

const rows: Record<string, string | number>[] = [];
const builds: Record<string, string | number>[] = [];
await withFolder(async (dir) => {
  for (const count of options.counts.split(",").map(Number)) {
    const file = options.file ?? join(dir, `${count}.f32`);
    writeVectors(file, count + queries);
    const wish = { file, dimension: DIMENSION, count, queries, k: K };
    const truths = SHARES.map((share) => exactly(wish, share));
    let bare: Figures | null = null;
    for (const what of ["exact", "hnswlib", "safelight", "usearch"] as const) {
      if (options.only && what !== options.only) continue;
      if (what === "usearch" && !peer) continue;
      // Peers that cannot search among chosen ids are asked for all.
      const alone = what === "hnswlib" || what === "usearch";
      const shares = alone ? [1] : SHARES;
      const figures = await measure({ ...wish, what, shares, graph: options.graph ?? null });
      if (what === "hnswlib") bare = figures;
      builds.push({
        vectors: count,
        what,
        "build, CPU s": figures.buildCores,
        "build, s": figures.buildSeconds,
        "bare ÷ this, CPU": bare && what === "safelight"
          ? bare.buildCores / figures.buildCores
          : "",
        "MB": figures.mb,
        "÷ raw": figures.mb * 1e6 / (count * DIMENSION * 4),
      });
      figures.searches.forEach(({ p50, p95, found }, at) =>
        rows.push({
          vectors: count,
          what,
          among: `${SHARES[at] * 100} %`,
          "recall@10": recall(found, truths[at]),
          "median, ms": p50,
          "p95, ms": p95,
        })
      );
    }
  }
});
console.log(`\n${circumstances()}`);
print(
  "index: building and memory (targets: bare ÷ this at least 0.9; memory at most 1.35)",
  builds,
);
print("index: recall@10 against a scan of everything (target 0.98) and what it costs", rows);

async function measure(wish: Wish): Promise<Figures> {
  const script = new URL("./vectors_run.ts", import.meta.url).pathname;
  const stdout = await deno([
    ...["run", "-A", "--quiet", "--v8-flags=--expose-gc", script],
    JSON.stringify(wish),
  ]);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

async function deno(args: string[], cwd?: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd, stderr: "inherit" });
  const { code, stdout } = await command.output();
  if (code !== 0) throw new Error(`deno ${args.join(" ")} ended with ${code}`);
  return new TextDecoder().decode(stdout);
}

/** The ids of the k best of every query among a share, by float64 sums over everything. */
function exactly(
  { file, count, k }: Omit<Wish, "what" | "shares" | "graph">,
  share: number,
): number[][] {
  const asked = [...rowsOf({ file, dimension: DIMENSION }, { from: count, count: queries })];
  const allowed = new Uint8Array(count + 1);
  for (const id of share < 1 ? chosen(count, share) : Array(count).keys().map((n) => n + 1)) {
    allowed[id] = 1;
  }
  const best = asked.map(() => [] as { id: number; score: number }[]);
  for (const { id, vector } of rowsOf({ file, dimension: DIMENSION }, { from: 0, count })) {
    if (!allowed[id]) continue;
    asked.forEach(({ vector: query }, at) => {
      let score = 0;
      for (let d = 0; d < DIMENSION; d++) score += query[d] * vector[d];
      const list = best[at];
      if (list.length === k && score <= list[k - 1].score) return;
      list.push({ id, score });
      list.sort((a, b) => b.score - a.score);
      if (list.length > k) list.pop();
    });
  }
  return best.map((list) => list.map(({ id }) => id));
}

function recall(found: number[][], truth: number[][]): number {
  let right = 0, all = 0;
  truth.forEach((ids, at) => {
    all += ids.length;
    right += ids.filter((id) => found[at].includes(id)).length;
  });
  return right / all;
}

/** Unit vectors in groups of about fifty, as pictures of the same things lie, into a file. */
function writeVectors(file: string, count: number): void {
  try {
    if (Deno.statSync(file).size >= count * DIMENSION * 4) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const random = seeded(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Array.from(
    { length: Math.ceil(count / 50) },
    () => unit(Float32Array.from({ length: DIMENSION }, normal)),
  );
  using handle = Deno.openSync(file, { write: true, create: true, truncate: true });
  for (let n = 0; n < count; n++) {
    const centre = centres[Math.floor(random() * centres.length)];
    const vector = unit(centre.map((value) => value + .8 * normal() / Math.sqrt(DIMENSION)));
    const bytes = new Uint8Array(vector.buffer);
    for (let at = 0; at < bytes.length;) at += handle.writeSync(bytes.subarray(at));
  }
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
