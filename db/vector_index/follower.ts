import type hnswlib from "hnswlib-node";
import { trimMemory } from "../../models/trim_memory.ts";
import { type Database, openDatabase } from "../client.ts";
import { countStored } from "./changes.ts";
import { createGrowingIndex, type GrowingIndex } from "./growing.ts";
import { type Select, selectIds } from "./id_list.ts";
import { judgeStamp, readIdentity } from "./identity.ts";
import { checkCount, checkVector } from "./index.ts";
import type { FoundVectors, IndexProgress } from "./library_index.ts";
import { createSaver, type Saver } from "./saver.ts";
import { createSnapshotStore } from "./snapshot_store.ts";
import { pause } from "./slices.ts";
import { createSync, type Sync } from "./sync.ts";

/** What is there of one model's vectors, kept as the database has it. */
export interface Follower {
  search(vector: Float32Array, k: number, among: Select | null): Promise<FoundVectors>;
  progress(): IndexProgress;
  /** Takes in what changed, unless somebody did just now. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

export interface FollowerSettings {
  url: string;
  model: string;
  dimension: number;
  dataDir: string | null;
  library: typeof hnswlib | null;
  exactLimit?: number;
  /** In a test shorter. */
  waits?: Partial<typeof WAITS>;
}

// A search looks for changes unless somebody did just before it; a burst of searches looks once.
const FRESH_MS = 500;
// Without searches changes are still followed, so that the first one after an import is quick.
const IDLE_MS = 30_000;
// Everything is compared: 0.3 s of the server's time at a million, should the journal not have it all.
const COMPARE_MS = 600_000;
// The graph is built in portions, between which searches are answered.
const PORTION_MS = 25;
// In portions: once a second.
const TRIM_EVERY = 40;

const WAITS = {
  // From when vectors began to be loaded: a few are there sooner.
  patienceMs: 2000,
  // A database that has said nothing by then counts as away; connecting is given up after ten seconds too.
  silenceMs: 12_000,
  // For what is under way when the index closes: a database may not answer any more.
  closeMs: 5000,
};

/**
 * Opens nothing before the first call. Searches find all that was stored up to half a second ago; while
 * many vectors are loaded, from a snapshot or the database, they wait two seconds and find what is there.
 */
export function createFollower(settings: FollowerSettings): Follower {
  const { dimension, model, library, exactLimit } = settings;
  const { patienceMs, silenceMs, closeMs } = { ...WAITS, ...settings.waits };
  let opening: Promise<void> | null = null;
  let database: Database | null = null;
  let index: GrowingIndex | null = null;
  let sync: Sync | null = null;
  let saver: Saver | null = null;
  let identity: string | null = null;
  let catching: Promise<void> | null = null;
  let catchingSince = 0;
  // How many vectors the database had when the index was opened; null before it was asked.
  let expected: number | null = null;
  let freshAt = -Infinity, comparedAt = -Infinity;
  let asked = false, loaded = false, closing = false;
  const given = Promise.withResolvers<never>();
  // Awaited only where something else is too.
  given.promise.catch(() => {});
  let portion: ReturnType<typeof setTimeout> | null = null;
  let portions = 0;

  const stopping = () => closing;
  const idle = setInterval(() => {
    // A fault here is the next search's to tell.
    fresh({ compare: performance.now() - comparedAt >= COMPARE_MS }).catch(() => {});
  }, IDLE_MS);

  async function open(): Promise<void> {
    database ??= await openDatabase(settings.url, { connections: 2, name: "safelight search" });
    const { sql } = database;
    [identity, expected] = await Promise.all([readIdentity(sql), countStored(sql, model)]);
    const store = settings.dataDir === null || identity === null
      ? null
      : createSnapshotStore({ ...settings, dataDir: settings.dataDir, stopping });
    const kept = await store?.load((stamp) => judgeStamp(sql, stamp, identity));
    // Where that is refused, writing there will say so.
    if (store) await Deno.mkdir(store.folder, { recursive: true }).catch(() => {});
    index = kept?.index ??
      createGrowingIndex(library, dimension, { exactLimit, scratch: store?.folder });
    const position = kept && { cursor: kept.stamp.cursor, lookedAt: kept.stamp.lookedAt };
    sync = createSync(sql, { index, model }, { dimension, position });
    saver = store && createSaver(store, {
      index,
      kept: kept ? { size: index.size, token: kept.stamp.token } : null,
      sql,
      state: () => ({ database: identity!, ...sync!.position! }),
    });
  }

  /** Returns when what was stored half a second before the call is in. */
  async function fresh({ compare = false } = {}): Promise<void> {
    const enough = performance.now() - FRESH_MS;
    while (!closing && (compare || freshAt < enough)) {
      if (!catching) catchingSince = performance.now();
      catching ??= catchUp(compare).finally(() => catching = null);
      await catching;
      compare = false;
    }
  }

  /** `fresh`, or as much of it as there is time for. */
  async function freshEnough(): Promise<void> {
    const all = fresh();
    all.catch(() => {});
    const began = performance.now();
    if (await within(all, Math.max(0, catchingSince + patienceMs - began))) return;
    // Known to be loading: what is there so far will do, and how many are missing is told.
    while (!isLoading()) {
      const left = began + silenceMs - performance.now();
      if (left <= 0) throw Object.assign(new Error(silentFor(silenceMs)), { code: "ETIMEDOUT" });
      if (await within(all, Math.min(left, 100))) return;
    }
  }

  const isLoading = () => sync?.loading ?? expected !== null;

  function missing(): number {
    const known = sync?.missing ?? 0;
    return loaded ? known : Math.max(known, (expected ?? 0) - (index?.size ?? 0), 0);
  }

  /** True if the work was done in time. Rejects with its fault, and when the index closes over it. */
  async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(late.resolve, ms, false);
    try {
      return await Promise.race([work.then(() => true), late.promise, given.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function catchUp(compare: boolean): Promise<void> {
    const began = performance.now();
    opening ??= open().catch((error) => {
      opening = null;
      throw error;
    });
    await opening;
    if (closing) return;
    if (compare) {
      const now = await readIdentity(database!.sql);
      // Another table in the place of this one: its ids may be of other pictures.
      if (now !== identity) await sync!.forget();
      identity = now;
    }
    const { added, removed } = await sync!.catchUp({ stopping, compare });
    if (closing) return;
    if (!loaded || compare) comparedAt = began;
    loaded = true;
    freshAt = began;
    saver?.changed(added + removed);
    buildOn();
  }

  /** Waits for the work, but no longer for the database than is decent. */
  async function ended(work: Promise<unknown>): Promise<void> {
    if (await within(work, closeMs).catch(() => true)) return;
    // Whoever still waits for it hears of it.
    given.reject(new Error(CLOSED));
    await database?.sql.end({ timeout: 0 });
    await Promise.race([work, pause()]);
  }

  async function amongIds(among: Select): Promise<Float64Array> {
    // It is opened by then, unless it is away.
    if (!database) await freshEnough();
    return await selectIds(database!.sql, among);
  }

  function buildOn(): void {
    portion ??= setTimeout(build, 0);
  }

  function build(): void {
    portion = null;
    if (closing || !index) return;
    const before = index.rest.size;
    const more = !saver?.saving && index.build(PORTION_MS);
    // Vectors that moved to the graph are free, but glibc keeps them: 180 MB at 100,000 × 512.
    const moved = index.rest.size < before;
    if (moved && (!more || ++portions % TRIM_EVERY === 0)) trimMemory();
    if (more) buildOn();
    saver?.saveIfDue(buildOn);
  }

  return {
    async search(vector, k, among) {
      asked = true;
      checkVector(vector, dimension);
      checkCount(k);
      // Asked for meanwhile: the database can do both at once, and the order does not matter.
      const [ids] = await Promise.all([
        among ? amongIds(among) : undefined,
        freshEnough(),
      ]);
      if (closing && !loaded) throw new Error(CLOSED);
      const lack = missing();
      if (!index) return { hits: [], candidates: 0, exact: lack === 0, size: 0, missing: lack };
      const found = index.find(vector, k, { among: ids });
      return { ...found, exact: found.exact && lack === 0, size: index.size, missing: lack };
    },
    progress() {
      const size = index?.size ?? 0;
      if (!asked) return { state: "idle", done: 0, total: 0 };
      if (!loaded) return { state: "loading", done: size, total: size + missing() };
      const done = index!.building ? index!.graph?.size ?? 0 : size;
      return { state: index!.building ? "building" : "ready", done, total: size };
    },
    catchUp() {
      asked = true;
      return Promise.race([fresh(), given.promise]);
    },
    async close() {
      closing = true;
      clearInterval(idle);
      if (portion !== null) clearTimeout(portion);
      await ended(Promise.allSettled([opening, catching]));
      await ended(Promise.resolve(saver?.close()));
      index?.close();
      await database?.close();
    },
  };
}

const CLOSED = "The search index is closed";
const silentFor = (ms: number) => `The database has not answered for ${ms / 1000} s`;
