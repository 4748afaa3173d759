import { createHash } from "node:crypto";
import { basename, join } from "node:path";

/** What state of what database a snapshot is of. */
export interface Stamp {
  /** Cluster, database and table: another's vectors have nothing to do with these. */
  database: string;
  /** A row that was left in the database when the snapshot was complete. */
  token: string;
  /** The transaction from which on changes may be missing. */
  cursor: string;
  /** When the database was last looked at, by its own clock. */
  lookedAt: string;
}

export interface FileNote {
  name: string;
  bytes: number;
  sha256: string;
}

/** What is written down beside the files of a snapshot. */
export interface Manifest {
  format: number;
  /** graph: a file of hnswlib's; rows: the vectors one after the other. */
  kind: "graph" | "rows";
  model: string;
  dimension: number;
  stamp: Stamp;
  vectors: FileNote;
  ids: FileNote;
}

/** Why a snapshot is of no use now or ever: it is damaged, or of something else. */
export class SnapshotFault extends Error {}

const MANIFEST = "snapshot.json";

/** Bytes read at once; their checksum takes 4 ms, and a search waits no longer. */
const PART = 1 << 22;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Writes the manifest with its own checksum, and makes sure that it is on the disk. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const text = JSON.stringify(manifest, null, 1);
  const path = join(folder, MANIFEST);
  await Deno.writeTextFile(path, `${sha256(text)}\n${text}`);
  await syncFile(path);
}

/** The manifest. Throws a SnapshotFault where it is damaged, and NotFound where there is none. */
export async function readManifest(folder: string): Promise<Manifest> {
  const [sum, ...lines] = (await Deno.readTextFile(join(folder, MANIFEST))).split("\n");
  const text = lines.join("\n");
  if (sha256(text) !== sum) {
    throw new SnapshotFault(`${MANIFEST} is damaged: its checksum is another`);
  }
  return JSON.parse(text);
}

/** Size and checksum of a file, read in parts. Stops with an Error when `stopping` says so. */
export async function noteFile(path: string, stopping = () => false): Promise<FileNote> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const part = new Uint8Array(PART);
  let bytes = 0;
  for (let read = await file.read(part); read !== null; read = await file.read(part)) {
    if (stopping()) throw new Error(`Reading ${basename(path)} was given up: the index closes`);
    hash.update(part.subarray(0, read));
    bytes += read;
  }
  return { name: basename(path), bytes, sha256: hash.digest("hex") };
}

/** Throws a SnapshotFault unless the file is the one that was noted. */
export async function verifyFile(
  folder: string,
  note: FileNote,
  stopping?: () => boolean,
): Promise<void> {
  const path = join(folder, note.name);
  // The size is known at once, of a file that was cut off.
  const { size } = await Deno.stat(path);
  if (size !== note.bytes) {
    throw new SnapshotFault(`${note.name} has ${size} bytes instead of ${note.bytes}`);
  }
  if ((await noteFile(path, stopping)).sha256 !== note.sha256) {
    throw new SnapshotFault(`${note.name} is damaged: its checksum is another`);
  }
}

/** Returns when what was written to the file, or into the folder, is on the disk. */
export async function syncFile(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}
