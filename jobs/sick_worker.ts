/**
 * A worker process for tests, run by superviseWorker: `sick_worker.ts ID ILLNESS`. "none" is a real
 * worker; "hangs" never comes back from its first inference, though its heart beats on; "dies" is
 * killed by every green picture, as by one that crashes a decoder; "unborn" hangs before its first
 * beat, as over models on a share that does not answer.
 */
import { readConfig } from "../config.ts";
import { openDatabase } from "../db/client.ts";
import { configureLog } from "../log.ts";
import { openEngine } from "../models/engine.ts";
import type { Engine } from "../models/engine.ts";
import { FRESH } from "./supervisor.ts";
import { runWorker } from "./worker.ts";

const [id, illness] = Deno.args;
// The timer keeps the process; a promise alone would let it end.
if (illness === "unborn") await new Promise(() => setInterval(() => {}, 60_000));
const config = readConfig();
configureLog(config, { process: "worker" });
const healthy = await openEngine({ modelsDir: null, roles: ["images", "faces"], threads: 1 });
const database = await openDatabase(config.databaseUrl!, { name: `safelight worker ${id}` });
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());

const engine: Engine = { ...healthy, embedImages: (images) => embed(images) };

function embed(images: Uint8Array[]): Promise<Float32Array[]> {
  if (illness === "hangs") return new Promise(() => {});
  if (illness === "dies" && images.some(isGreen)) Deno.kill(Deno.pid, "SIGKILL");
  return healthy.embedImages(images);
}

const isGreen = ([red, green, blue]: Uint8Array) => red < 60 && green > 200 && blue < 60;

const end = await runWorker({ database, config, engine, stopping: stop.signal, id });
await engine.close();
await database.close();
Deno.exit(end === "fresh" ? FRESH : 0);
