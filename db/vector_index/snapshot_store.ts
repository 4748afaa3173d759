import { createHash } from "node:crypto";
import { join } from "node:path";
import type hnswlib from "hnswlib-node";
import { log } from "../../log.ts";
import { code, isConnectionFault } from "../client.ts";
import { isWholeFile } from "./graph_file.ts";
import { createGrowingIndex, type GrowingIndex } from "./growing.ts";
import { readHnswIndex } from "./hnsw.ts";
import { readRows, writeRows } from "./rows_file.ts";
import {
  type Manifest,
  noteFile,
  readManifest,
  SnapshotFault,
  type Stamp,
  syncFile,
  verifyFile,
  writeManifest,
} from "./snapshot_files.ts";

/** Of the files; another one is not read. */
const FORMAT = 1;

/** A folder that somebody is still writing to is younger. */
const LEFT_OVER_MS = 3_600_000;

/** Snapshots of models that nobody has used for so long are removed. */
const FORGOTTEN_MS = 30 * 86_400_000;

export interface SnapshotStore {
  /** Where the snapshots of the model lie. */
  readonly folder: string;
  /**
   * Writes the index, which may change meanwhile, into a folder of its own that appears when it is
   * complete; then removes older ones. `stamp` is asked for when all vectors have been read. Throws
   * what the disk says, and when `givesUp` says so.
   */
  save(
    index: GrowingIndex,
    options: { stamp: () => Promise<Stamp>; givesUp?: () => boolean },
  ): Promise<void>;
  /**
   * The newest index that is whole, of this model, and not refused by `judge`, which says why. Others
   * are removed, but not for a fault that may pass. Null where there is none. Rejects where the database is away.
   */
  load(
    judge: (stamp: Stamp) => Promise<string | null>,
  ): Promise<{ index: GrowingIndex; stamp: Stamp } | null>;
}

export interface SnapshotSettings {
  dataDir: string;
  model: string;
  dimension: number;
  library: typeof hnswlib | null;
  exactLimit?: number;
  stopping?: () => boolean;
}

/** Snapshots in `dataDir/vectors`, a folder a model; any number of processes may share it. */
export function createSnapshotStore(
  { dataDir, model, dimension, library, exactLimit, stopping = () => false }: SnapshotSettings,
): SnapshotStore {
  const all = join(dataDir, "vectors");
  const own = join(all, createHash("sha256").update(model).digest("hex").slice(0, 16));

  async function write(folder: string, index: GrowingIndex): Promise<Float64Array> {
    const path = join(folder, "vectors");
    if (!index.graph) return await writeRows(path, { index: index.rest, dimension });
    const ids = await index.graph.write(path);
    if (!isWholeFile(path, dimension)) throw new Error(`${path} was not written whole: disk full?`);
    return ids;
  }

  async function save(
    index: GrowingIndex,
    { stamp, givesUp }: Parameters<SnapshotStore["save"]>[1],
  ): Promise<void> {
    const kind = index.graph ? "graph" : "rows";
    const name = `${Date.now()}-${crypto.randomUUID().slice(0, 8)}`;
    const making = join(own, `making-${name}`);
    await Deno.mkdir(making, { recursive: true });
    try {
      const ids = await write(making, index);
      const [vectorsPath, idsPath] = [join(making, "vectors"), join(making, "ids")];
      await Deno.writeFile(idsPath, new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
      await Promise.all([syncFile(vectorsPath), syncFile(idsPath)]);
      const vectors = await noteFile(vectorsPath, givesUp);
      const manifest = { format: FORMAT, kind, model, dimension, vectors } as const;
      const noted = { ...manifest, ids: await noteFile(idsPath), stamp: await stamp() };
      await writeManifest(making, noted);
      await Deno.rename(making, join(own, name));
    } catch (error) {
      await remove(making);
      throw error;
    }
    // On Windows folders cannot be opened; there the system sees to it.
    if (Deno.build.os !== "windows") await syncFile(own);
    if (kind === "graph") index.graph!.readFrom(join(own, name, "vectors"));
    // It is there, whatever becomes of the others.
    await removeOlder(name).catch((error) => {
      log("warn", "older snapshots of the search index cannot be removed", {
        reason: (error as Error).message,
      });
    });
  }

  async function removeOlder(newest: string): Promise<void> {
    for (const name of await generations()) {
      // Names begin with the time; who reads from an older one has it open.
      if (name < newest && !await isOfUseAgain(name)) await remove(join(own, name));
    }
    for (const name of await namesIn(own)) {
      const path = join(own, name);
      if (name.startsWith("making-") && await age(path) > LEFT_OVER_MS) await remove(path);
    }
    for (const name of await namesIn(all)) {
      const path = join(all, name);
      if (path !== own && await age(path) > FORGOTTEN_MS) await remove(path);
    }
  }

  /** A graph took hours to build, and hnswlib may be back at the next start. */
  const isOfUseAgain = async (name: string) => library === null && await kindOf(name) === "graph";

  const kindOf = (name: string) =>
    readManifest(join(own, name)).then(({ kind }) => kind, () => null);

  /** Newest first; where hnswlib is back, the graph of the time before it was absent comes first. */
  async function candidates(): Promise<string[]> {
    const names = (await generations()).reverse();
    if (!library || names.length < 2) return names;
    const kinds = await Promise.all(names.map(kindOf));
    const isGraph = (name: string) => kinds[names.indexOf(name)] === "graph" ? 0 : 1;
    return names.toSorted((a, b) => isGraph(a) - isGraph(b));
  }

  const generations = async () => (await namesIn(own)).filter((name) => /^\d+-/.test(name)).sort();

  async function load(
    judge: (stamp: Stamp) => Promise<string | null>,
    again = true,
  ): Promise<{ index: GrowingIndex; stamp: Stamp } | null> {
    let vanished = false;
    const names = await candidates().catch((error) => {
      log("warn", "snapshots of the search index cannot be looked for: it is made anew", {
        reason: (error as Error).message,
      });
      return [];
    });
    for (const name of names) {
      const folder = join(own, name);
      try {
        const manifest = await readManifest(folder);
        const { kind, stamp } = manifest;
        const fault = faultOf(manifest) ?? await judge(stamp).catch((error) => {
          throw isConnectionFault(error) ? new Unjudged(error) : error;
        });
        if (fault) throw new SnapshotFault(fault);
        // Without hnswlib it is of no use here, and nothing is wrong with it.
        if (kind === "graph" && !library) continue;
        await verifyFile(folder, manifest.ids);
        await verifyFile(folder, manifest.vectors, stopping);
        const index = await read(folder, manifest);
        const now = new Date();
        await Deno.utime(own, now, now).catch(() => {});
        return { index, stamp };
      } catch (error) {
        if (stopping()) return null;
        if (error instanceof Unjudged) throw error.cause;
        const gone = isNotFound(error);
        vanished ||= gone;
        const good = !gone && !(error instanceof SnapshotFault);
        log(
          "warn",
          good
            ? "a snapshot of the search index cannot be read now: it is left there"
            : "a snapshot of the search index is of no use: it is made anew",
          { snapshot: name, reason: (error as Error).message },
        );
        if (!good) await remove(folder);
      }
    }
    // Another process may have written a newer one just now, and removed what was there.
    return vanished && again ? await load(judge, false) : null;
  }

  function faultOf(manifest: Manifest): string | null {
    if (manifest.format !== FORMAT) return `it has format ${manifest.format}, not ${FORMAT}`;
    if (manifest.model !== model) return `it is of the model ${manifest.model}`;
    if (manifest.dimension !== dimension) return `its vectors have ${manifest.dimension} values`;
    return null;
  }

  async function read(folder: string, { kind, ids: { name } }: Manifest): Promise<GrowingIndex> {
    const bytes = await Deno.readFile(join(folder, name));
    const ids = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
    const path = join(folder, "vectors");
    if (kind === "graph") {
      const graph = await readHnswIndex(library!, dimension, { path, ids, scratch: own });
      return createGrowingIndex(library, dimension, { exactLimit, graph });
    }
    const index = createGrowingIndex(library, dimension, { exactLimit });
    await readRows(path, { ids, dimension, stopping, add: index.add });
    return index;
  }

  return { folder: own, save, load: (judge) => load(judge) };
}

/** The database could not be asked whether a snapshot is of it. */
class Unjudged extends Error {
  constructor(cause: unknown) {
    super("The database was not asked", { cause });
  }
}

/** Of Deno's own calls, and of those of node:fs, whose errors are plain ones with a code. */
const isNotFound = (error: unknown) =>
  error instanceof Deno.errors.NotFound || code(error) === "ENOENT";

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Milliseconds since something was put into the folder. */
async function age(folder: string): Promise<number> {
  const stat = await Deno.stat(folder).catch(() => null);
  return Date.now() - (stat?.mtime ?? new Date()).getTime();
}

/** What cannot be removed, or was removed by another process, is no fault. */
async function remove(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
}
