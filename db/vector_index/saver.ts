import { log } from "../../log.ts";
import { isConnectionFault, type Sql } from "../client.ts";
import type { GrowingIndex } from "./growing.ts";
import { leaveToken, removeToken } from "./identity.ts";
import type { Stamp } from "./snapshot_files.ts";
import type { SnapshotStore } from "./snapshot_store.ts";

/** Writes snapshots when enough has changed. */
export interface Saver {
  /** So many vectors were added or removed. */
  changed(count: number): void;
  /** Begins to write if it is time to; `done` is told at the end. */
  saveIfDue(done: () => void): void;
  /** True while one is being written: then the graph does not grow. */
  readonly saving: boolean;
  /** Waits for the one under way, and writes a last one where that is quick. */
  close(): Promise<void>;
}

export interface SaverOptions {
  index: GrowingIndex;
  sql: Sql;
  /** Vectors that a snapshot has already, and its token; null: there is none. */
  kept: { size: number; token: string } | null;
  /** What the index has for certain now. */
  state: () => Omit<Stamp, "token">;
}

/** Fewer are loaded from the database as fast. */
const FEWEST = 1000;
/** Of all, enough to write at once, while changes go on. */
const SHARE = 0.05;
/** Fewer when they are so many, or when nothing has changed for so long, but not too often. */
const MANY = 10_000;
const REST_MS = 60_000;
/** Of a million × 512 each snapshot writes 2.2 GB: then 44 minutes apart, and never more than an hour. */
const BYTES_PER_MINUTE = 50e6;
const MOST_APART_MS = 3_600_000;
/** After a disk that was full or cannot be written to. */
const AGAIN_MS = 600_000;
/** On a disk of 100 MB/s half a second. */
const QUICK_BYTES = 50e6;
/** Of a row beside its vector, in the graph. */
const ROW_BYTES = 150;

/**
 * Whether so many changes are to be written down, in a snapshot of so many vectors and bytes, when
 * the last one was written `savedMs` ago, and the last change was `changedMs` ago.
 */
export function isWorthIt(
  changes: number,
  { size, bytes, savedMs, changedMs }: {
    size: number;
    bytes: number;
    savedMs: number;
    changedMs: number;
  },
): boolean {
  if (changes >= SHARE * size) return true;
  const apart = Math.min(MOST_APART_MS, bytes / BYTES_PER_MINUTE * 60_000);
  return savedMs >= apart && (changes >= MANY || changedMs >= REST_MS);
}

/**
 * A snapshot is written when changes come to rest, or are many, the seldomer the larger it is, but of
 * a graph that is still being built only after it has doubled: each holds the building up. A disk
 * that is full, or a folder that cannot be written to, is logged, and it goes on without.
 */
export function createSaver(store: SnapshotStore, options: SaverOptions): Saver {
  const { index, sql } = options;
  let changes = Math.abs(index.size - (options.kept?.size ?? 0));
  let keptSize = options.kept?.size ?? 0, token = options.kept?.token ?? null;
  let changedAt = performance.now(), notBefore = -Infinity;
  let savedAt = options.kept ? performance.now() : -Infinity;
  let saving: Promise<void> | null = null;
  let closing = false;
  let timer: ReturnType<typeof setTimeout> | null = null;

  function isDue(): boolean {
    const now = performance.now();
    if (changes === 0 || index.size < FEWEST || saving || closing || now < notBefore) return false;
    if (index.building) return (index.graph?.size ?? 0) >= Math.max(MANY, 2 * keptSize);
    return isWorthIt(changes, {
      size: index.size,
      bytes: bytes(),
      savedMs: now - savedAt,
      changedMs: now - changedAt,
    });
  }

  const bytes = () => index.size * (4 * index.rest.dimension + ROW_BYTES);
  const isQuick = () => bytes() <= QUICK_BYTES;

  async function save(): Promise<void> {
    // What waits for its place in the graph is not in a graph's file, and comes with the next one.
    const covered = changes - (index.graph ? Math.min(changes, index.rest.size) : 0);
    // Of now: what changes while it is being written may be missing in it.
    const state = options.state();
    const former = token;
    let left = former;
    try {
      await store.save(index, {
        stamp: async () => ({ ...state, token: left = await leaveToken(sql) }),
        givesUp: () => closing && !isQuick(),
      });
      changes -= covered;
      keptSize = index.graph?.size ?? index.size;
      savedAt = performance.now();
      token = left;
      // Not before: until now the former snapshot was the one that a start would have read.
      if (former) await removeToken(sql, former);
    } catch (error) {
      notBefore = performance.now() + AGAIN_MS;
      if (isConnectionFault(error)) return;
      log("warn", "the search index cannot be written down: the next start has to load it anew", {
        reason: (error as Error).message,
      });
    }
  }

  return {
    changed(count) {
      if (count === 0) return;
      changes += count;
      changedAt = performance.now();
    },
    get saving() {
      return saving !== null;
    },
    saveIfDue(done) {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (isDue()) {
        saving = save().finally(() => {
          saving = null;
          if (!closing) done();
        });
      } else if (changes > 0 && !saving && !closing) {
        timer = setTimeout(done, REST_MS);
      }
    },
    async close() {
      closing = true;
      if (timer !== null) clearTimeout(timer);
      await saving;
      const worthIt = changes > 0 && index.size >= FEWEST && !index.building;
      if (worthIt && isQuick() && performance.now() >= notBefore) await save();
    },
  };
}
