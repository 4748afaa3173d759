import { log } from "../log.ts";
import type { InstalledPack } from "../models/installed.ts";
import type { Manifest } from "../models/manifest.ts";
import type { PullOptions, PullProgress } from "../models/pull.ts";
import type { Fault } from "../models/verify.ts";
import { Fault as Refusal } from "./fault.ts";
import type { News, Order } from "./pulls_thread.ts";

/** What this web process does with a pack, or how its last deed came out. */
export type PackWork =
  | { state: "pulling"; progress: PullProgress | null }
  | { state: "verifying"; bytes: number; total: number }
  | { state: "failed"; message: string }
  | { state: "verified"; faults: Fault[]; at: Date };

/** The pulls and checks of packs in the background of this web process. */
export interface Pulls {
  /** Packs that can be pulled. */
  catalogue: Manifest[];
  /** Null: nothing is under way, and nothing was since the start or since it came out well. */
  work(name: string): PackWork | null;
  /** Begins a pull; false if something is under way with this pack already. */
  pull(manifest: Manifest, options: Pick<PullOptions, "acceptLicence">): boolean;
  /** Begins a check of an installed pack's files; false as above. */
  verify(pack: InstalledPack): boolean;
  /** Resolves when nothing is under way any more; false if nothing was. What was fetched is kept. */
  stop(name: string): Promise<boolean>;
  /** Stops everything; whoever begins something later gets a Fault with 503. */
  close(): Promise<void>;
}

/** What holds for every pull, see PullOptions. */
export type PullCommon = Omit<PullOptions, "acceptLicence" | "signal" | "onProgress">;

interface Running {
  thread: Worker;
  ended: Promise<void>;
}

/**
 * Pulls and checks packs, each on a thread of its own that ends with it: memory is given back, and a
 * request never waits. One deed a pack at a time, so that double clicks begin nothing twice.
 */
export function createPulls(
  { catalogue, ...common }: { catalogue: Manifest[] } & PullCommon,
): Pulls {
  const works = new Map<string, PackWork>();
  const running = new Map<string, Running>();
  let closed = false;

  function begin(name: string, order: Order, work: PackWork): boolean {
    if (closed) {
      const message = "Safelight is stopping; ask again once it runs again";
      throw new Refusal(503, "stopping", message);
    }
    if (running.has(name)) return false;
    works.set(name, work);
    const url = new URL("./pulls_thread.ts", import.meta.url);
    const thread = new Worker(url, { type: "module" });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const end = (outcome: PackWork | null) => {
      thread.terminate();
      running.delete(name);
      if (outcome) works.set(name, outcome);
      else works.delete(name);
      resolve();
    };
    thread.onmessage = ({ data }: MessageEvent<News>) => {
      const now = works.get(name);
      if (data.news === "fetched") {
        works.set(name, { state: "pulling", progress: data.progress });
      } else if (data.news !== "read") end(outcomeOf(name, data));
      else if (now?.state === "verifying") works.set(name, { ...now, bytes: data.bytes });
    };
    thread.onerror = (event) => {
      // Handled here: otherwise it would end the web process.
      event.preventDefault();
      end(failed(name, `It broke off: ${event.message}`));
    };
    running.set(name, { thread, ended });
    thread.postMessage(order);
    return true;
  }

  async function stop(name: string): Promise<boolean> {
    const found = running.get(name);
    if (!found) return false;
    found.thread.postMessage({ order: "stop" } satisfies Order);
    await found.ended;
    return true;
  }

  return {
    catalogue,
    work: (name) => works.get(name) ?? null,
    pull: (manifest, { acceptLicence }) =>
      begin(
        manifest.name,
        { order: "pull", manifest, options: { ...common, acceptLicence } },
        { state: "pulling", progress: null },
      ),
    verify: (pack) =>
      begin(pack.name, { order: "verify", pack }, {
        state: "verifying",
        bytes: 0,
        total: pack.bytes,
      }),
    stop,
    close: async () => {
      closed = true;
      await Promise.all([...running.keys()].map(stop));
    },
  };
}

function outcomeOf(
  name: string,
  news: Exclude<News, { news: "fetched" | "read" }>,
): PackWork | null {
  if (news.news === "verified") return { state: "verified", faults: news.faults, at: new Date() };
  if (news.news === "failed") return failed(name, news.message);
  if (news.news === "pulled") log("info", "a pack was installed", { pack: name });
  return null;
}

function failed(pack: string, message: string): PackWork {
  log("warn", "a pack could not be pulled or checked", { pack, error: message });
  return { state: "failed", message };
}
