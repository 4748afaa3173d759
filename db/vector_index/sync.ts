import { log } from "../../log.ts";
import type { Sql } from "../client.ts";
import { vectorOfBytes } from "../vectors.ts";
import { createChangeReader, type Look, type Position, storedPhotos } from "./changes.ts";
import { createIdRows } from "./id_rows.ts";
import { checkVector, type VectorIndex } from "./index.ts";
import { createBreath, eachInSlices } from "./slices.ts";

/** Vectors read at once: 2 MB at 512 dimensions. */
const PORTION = 1024;

/** Keeps an index equal to what the database has. */
export interface Sync {
  /**
   * Takes in what changed since, of which the journal tells; the first time, and with `compare`, also
   * whatever is other than in the database. Vectors come in portions of a thousand. Stops early when
   * `stopping` says so; what is missing then comes with the next call.
   */
  catchUp(options: { stopping: () => boolean; compare?: boolean }): Promise<Caught>;
  /** The changes before it are all in the index; null before the first catch-up is done. */
  readonly position: Position | null;
  /** True while a catch-up is loading vectors, which may take minutes. */
  readonly loading: boolean;
  /** Of those it has still to look up the ones that the index has not, in another form neither. */
  readonly missing: number;
  /** Removes everything: the ids may be of other pictures now. */
  forget(): Promise<void>;
}

export interface Caught {
  added: number;
  removed: number;
}

export interface SyncOptions {
  dimension: number;
  /** Where the index stands, if it was read from a snapshot. */
  position?: Position | null;
}

/**
 * Follows the vectors of `model`. The journal tells of every change, and of those made while nobody
 * looked. Comparing costs 70 ms of the server's time at 200,000 vectors: at the start, and from time to
 * time, should a restored backup have brought rows without the journal's knowing. After the server was
 * started anew every vector is looked up: it may have gone back to an earlier state.
 */
export function createSync(
  sql: Sql,
  { index, model }: { index: VectorIndex; model: string },
  { dimension, position: given }: SyncOptions,
): Sync {
  const changes = createChangeReader(sql, model);
  const unusable = new Set<number>();
  const faults: { id: number; reason: string }[] = [];
  let loading = false;
  let missing = 0;
  let position = given ?? null;
  let compared = false;
  // The server may have been restored to an earlier state, and have passed the cursor since.
  let suspicious = false;

  async function catchUp({ stopping, compare = false }: Parameters<Sync["catchUp"]>[0]) {
    const from = position;
    const look = from ? await changes.look(from) : null;
    if (look?.wentBack) {
      log("warn", "the database went back in time: the search index is loaded anew");
      await forget();
    }
    suspicious ||= look?.replaced ?? false;
    const next = look && !look.wentBack ? look.position : await changes.start();
    // Each photo once, in two rows of ids in order, so that what lies side by side is read together.
    const told = new Set(look?.wentBack ? [] : look?.photos);
    const wanted: number[] = [];
    const want = (id: number) => void (told.has(id) || wanted.push(id));
    loading = true;
    try {
      let removed = 0;
      if (!compared || compare || suspicious || mustCompare(look)) {
        const stored = await storedPhotos(sql, model);
        removed = await compareWith(stored, want);
        const rewritten = suspicious
          ? stored
          : look?.tooLate && from
          ? await storedPhotos(sql, model, from)
          : new Float64Array();
        await eachInSlices(rewritten, (id) => {
          if (index.has(id) || unusable.has(id)) want(id);
        });
      }
      for (const id of new Float64Array([...told]).sort()) wanted.push(id);
      const caught = await load(new Float64Array(wanted), stopping);
      if (!stopping()) {
        changes.keep();
        position = next;
        compared = true;
        suspicious = false;
      }
      return { added: caught.added, removed: removed + caught.removed };
    } finally {
      loading = false;
      missing = 0;
    }
  }

  const mustCompare = (look: Look | null) =>
    look !== null && (look.tooLate || look.wentBack || look.emptied);

  async function forget(): Promise<void> {
    unusable.clear();
    await eachInSlices(index.ids(), (id) => index.remove(id));
  }

  /** Wants what is missing, and removes what is not stored; returns how many it was. */
  async function compareWith(stored: Float64Array, want: (id: number) => void): Promise<number> {
    let held = 0;
    await eachInSlices(stored, (id) => {
      if (index.has(id)) held++;
      else if (!unusable.has(id)) {
        want(id);
        missing++;
      }
    });
    if (held === index.size) return 0;
    // A Set of a million takes 0.8 s in one go.
    const there = createIdRows(stored.length);
    await eachInSlices(stored, (id) => there.set(id, 0));
    let gone = 0;
    await eachInSlices(index.ids(), (id) => {
      if (there.get(id) >= 0) return;
      index.remove(id);
      gone++;
    });
    return gone;
  }

  async function load(ids: Float64Array, stopping: () => boolean): Promise<Caught> {
    const caught = { added: 0, removed: 0 };
    let absent = 0;
    await eachInSlices(ids, (id) => {
      if (!index.has(id)) absent++;
    });
    missing = absent;
    const breath = createBreath();
    for (let from = 0; from < ids.length && !stopping(); from += PORTION) {
      const part = ids.subarray(from, from + PORTION);
      const after = missing - part.filter((id) => !index.has(id)).length;
      const rows = await sql<{ photo_id: string; vector: Uint8Array }[]>`
        select photo_id, vector from embeddings
        where model = ${model} and photo_id = any(${[...part]}::bigint[])`;
      const found = new Set<number>();
      for (const row of rows) {
        const id = Number(row.photo_id);
        const wait = breath();
        if (wait) await wait;
        if (!index.has(id)) missing--;
        const taken = take(id, row.vector);
        if (taken !== "unusable") found.add(id);
        if (taken === "added") caught.added++;
      }
      for (const id of part) {
        if (found.has(id) || !index.has(id)) continue;
        index.remove(id);
        caught.removed++;
      }
      missing = after;
    }
    tellFaults();
    return caught;
  }

  /** A vector that no search could use is left out. */
  function take(id: number, bytes: Uint8Array): "added" | "held" | "unusable" {
    try {
      const vector = vectorOfBytes(bytes);
      checkVector(vector, dimension);
      unusable.delete(id);
      // A run that looks again writes the same: moving it about would harm the graph.
      if (index.holds(id, vector)) return "held";
      index.add(id, vector);
      return "added";
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (!unusable.has(id)) faults.push({ id, reason: error.message });
      unusable.add(id);
      return "unusable";
    }
  }

  /** One line, however many they are. */
  function tellFaults(): void {
    const [first] = faults;
    if (!first) return;
    log(
      "warn",
      "photos cannot be searched for, their vectors are damaged: run a session over them",
      {
        model,
        photos: faults.length,
        first: first.id,
        reason: first.reason,
      },
    );
    faults.length = 0;
  }

  return {
    catchUp,
    forget,
    get loading() {
      return loading;
    },
    get position() {
      return position;
    },
    get missing() {
      return missing;
    },
  };
}
