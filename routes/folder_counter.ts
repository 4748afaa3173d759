import type { Answer, FolderEntries, Order, PictureCount } from "./folder_counter_thread.ts";

/** What is known of the pictures below a folder: nothing yet while it is being counted. */
export interface FolderCount {
  imageCount: number | null;
  counting: boolean;
  /** There are at least imageCount: counting stops at 100,000. */
  atLeast: boolean;
}

export interface FolderCounter {
  /** The folders in a folder. Throws what Deno.readDir throws. */
  list(path: string): Promise<FolderEntries>;
  /** Answers at once with what is known, and sees to it that more will be. */
  count(path: string): FolderCount;
  close(): void;
}

/** A count is good for a minute: people look, copy some pictures, and look again. */
const FRESH_MS = 60_000;
/** Nobody has asked for this long: they have gone to another folder. */
const WANTED_MS = 15_000;
const CACHE_LIMIT = 10_000;
/** One large tree must not hold up the small ones behind it. */
const AT_ONCE = 4;

interface Entry {
  state: "waiting" | "counting" | "known";
  result: PictureCount | null;
  askedAt: number;
  knownAt: number;
}

/**
 * Counts pictures in folders on a thread of its own, the folders asked for last first, and
 * remembers what it found; folders nobody asks about any more are dropped uncounted.
 */
export function createFolderCounter(): FolderCounter {
  let thread: Worker | null = null;
  const waiting = new Map<number, (answer: Answer) => void>();
  const cache = new Map<string, Entry>();
  let lastId = 0, running = 0;

  // Begun with the first question: most visits never open the folder chooser.
  const begin = () => {
    const url = new URL("./folder_counter_thread.ts", import.meta.url);
    const begun = new Worker(url, { type: "module" });
    begun.onmessage = ({ data }: MessageEvent<Answer>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
    return begun;
  };

  const ask = (order: Order["order"], path: string) =>
    new Promise<Answer>((settle) => {
      const id = ++lastId;
      waiting.set(id, settle);
      thread ??= begin();
      thread.postMessage({ id, order, path } satisfies Order);
    });

  function pump(): void {
    const now = Date.now();
    while (running < AT_ONCE) {
      let next: [string, Entry] | undefined;
      for (const [path, entry] of cache) {
        if (entry.state !== "waiting") continue;
        if (now - entry.askedAt > WANTED_MS) cache.delete(path);
        else if (!next || entry.askedAt > next[1].askedAt) next = [path, entry];
      }
      if (!next) return;
      const [path, entry] = next;
      running++;
      entry.state = "counting";
      ask("count", path).then((answer) => {
        running--;
        // What cannot be read is shown without a figure; choosing it says why.
        entry.result = "count" in answer ? answer.count : null;
        entry.state = "known";
        entry.knownAt = Date.now();
        pump();
      });
    }
  }

  return {
    async list(path) {
      const answer = await ask("list", path);
      if ("list" in answer) return answer.list;
      if ("error" in answer) throw revived(answer.error);
      throw new Error("the folder thread answered another question");
    },
    count(path) {
      const now = Date.now();
      let entry = cache.get(path);
      if (!entry || entry.state === "known" && now - entry.knownAt > FRESH_MS) {
        if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value!);
        // The old figure stands until the new one is there.
        entry = { state: "waiting", result: entry?.result ?? null, askedAt: now, knownAt: 0 };
        cache.delete(path);
        cache.set(path, entry);
      }
      entry.askedAt = now;
      pump();
      return {
        imageCount: entry.result?.pictures ?? null,
        counting: entry.state !== "known",
        atLeast: entry.result?.atLeast ?? false,
      };
    },
    close: () => thread?.terminate(),
  };
}

/** Errors lose their class on the way between threads. */
function revived({ name, message }: { name: string; message: string }): Error {
  const known = Object.entries(Deno.errors).find(([key]) => key === name)?.[1];
  return known ? new known(message) : new Error(message);
}
