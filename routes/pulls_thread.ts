/// <reference lib="deno.worker" />
import type { InstalledPack } from "../models/installed.ts";
import type { Manifest } from "../models/manifest.ts";
import { type PullOptions, pullPack, type PullProgress } from "../models/pull.ts";
import { type Fault, verifyPack } from "../models/verify.ts";

/**
 * Pulls or checks one pack beside the thread that answers requests: hashing a graph of 350 MB takes
 * as long as hundreds of requests.
 */

export type Order =
  | { order: "pull"; manifest: Manifest; options: Omit<PullOptions, "signal" | "onProgress"> }
  | { order: "verify"; pack: InstalledPack }
  | { order: "stop" };

export type News =
  | { news: "fetched"; progress: PullProgress }
  | { news: "read"; bytes: number }
  | { news: "pulled" }
  | { news: "verified"; faults: Fault[] }
  | { news: "stopped" }
  | { news: "failed"; message: string };

/** Files are read in pieces of some kilobytes; nobody looks more often than this. */
const TELL_MS = 200;

const stopping = new AbortController();
const { signal } = stopping;
const tell = (news: News) => self.postMessage(news);

async function pull({ manifest, options }: Order & { order: "pull" }): Promise<News> {
  const onProgress = (progress: PullProgress) => tell({ news: "fetched", progress });
  await pullPack(manifest, { ...options, signal, onProgress });
  return { news: "pulled" };
}

async function verify({ pack }: Order & { order: "verify" }): Promise<News> {
  let bytes = 0, told = 0;
  const onBytes = (count: number) => {
    bytes += count;
    if (performance.now() - told < TELL_MS) return;
    told = performance.now();
    tell({ news: "read", bytes });
  };
  return { news: "verified", faults: await verifyPack(pack, { signal, onBytes }) };
}

self.onmessage = async ({ data: order }: MessageEvent<Order>) => {
  if (order.order === "stop") return stopping.abort();
  try {
    tell(await (order.order === "pull" ? pull(order) : verify(order)));
  } catch (error) {
    // Errors lose their class on the way between threads; what they say is for a person anyway.
    tell(
      signal.aborted ? { news: "stopped" } : { news: "failed", message: (error as Error).message },
    );
  }
};
