import { join } from "node:path";
import { calm, median, print, quantile, timed, withServer, writeTinyFiles } from "./support.ts";

/**
 * Promise 1: the time POST …/start takes does not depend on the folder. Real web and worker
 * processes; the two folders take turns, and every start waits until the walk of the one before
 * is stopped, so that each meets the same machine.
 */
const ROUNDS = 100;
const SIZES = [10, 100_000];

await withServer({ worker: true }, async ({ database, url, post, create }, dir) => {
  const samples = SIZES.map((): number[] => []);
  for (const size of SIZES) await writeTinyFiles(join(dir, String(size)), size);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, size] of SIZES.entries()) {
      const id = await create(join(dir, String(size)));
      await calm(database);
      const path = `/api/v1/training/sessions/${id}`;
      samples[index].push(
        await timed(async () => {
          const response = await fetch(`${url}${path}/start`, { method: "POST" });
          const { changed } = await response.json();
          if (!changed) throw new Error(`Session ${id} was not started`);
        }),
      );
      await post(`${path}/cancel`);
    }
  }
  print("start_latency: POST …/start, ms", [
    ...SIZES.map((size, index) => ({
      files: String(size),
      n: samples[index].length,
      p50: median(samples[index]),
      p99: quantile(samples[index], 0.99),
    })),
    {
      files: "ratio",
      n: "",
      p50: median(samples[1]) / median(samples[0]),
      p99: quantile(samples[1], 0.99) / quantile(samples[0], 0.99),
    },
  ]);
});
