import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Sources } from "./download.ts";
import { fetchFile } from "./fetch_file.ts";
import { hashFile } from "./identity.ts";
import { install } from "./install.ts";
import { ifMissing, packsDir } from "./installed.ts";
import { type Manifest, type PackFile, packFiles, withFound } from "./manifest.ts";
import type { Meter } from "./meter.ts";
import { checkContent } from "./pack_content.ts";
import type { PullOptions } from "./pull.ts";
import { PullError } from "./pull_error.ts";
import { writeStamp } from "./stamp.ts";

/** A pull under way. */
export interface Pull extends PullOptions {
  name: string;
  /** Where the pack is put together. */
  dir: string;
  sources: Sources;
  signal: AbortSignal;
  meter: Meter;
}

/** The hashes of installed files that are right: a repair fetches what is damaged only. */
export async function usable(pull: Pull, files: PackFile[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { file, sha256 } of files) {
    const path = join(packsDir(pull.dataDir), pull.name, file);
    if (sha256 === undefined || await sizeOf(path) === null) continue;
    let length = 0;
    const actual = await hashFile(path, {
      signal: pull.signal,
      onBytes: (count) => pull.meter.at(file, { length: length += count, stage: "verifying" }),
    });
    if (actual === sha256) found[file] = actual;
    else pull.meter.at(file, { length: 0, stage: "fetching" });
  }
  return found;
}

/** Throws a PullError if the disk cannot take what is still to be fetched. */
export async function checkRoom(
  { dir, reserve = 0, name }: Pull,
  files: PackFile[],
): Promise<void> {
  const there = await Promise.all(files.map(({ file }) => sizeOf(join(dir, file))));
  const missing = files.map(({ bytes }, at) => Math.max(0, (bytes ?? 0) - (there[at] ?? 0)))
    .reduce((sum, bytes) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(dir);
  if (missing > 0 && missing + reserve > bavail * bsize) {
    throw new PullError(
      "room",
      `${megabytes(missing)} MB of "${name}" are still to be fetched, ${
        megabytes(reserve)
      } MB are to ` +
        `stay free, and ${dir} has ${megabytes(bavail * bsize)} MB; make room and pull again`,
    );
  }
}

const megabytes = (bytes: number) => (Math.ceil(bytes / 1e5) / 10).toLocaleString("en");

/** Makes one file of the pack in `dir` and returns its SHA-256. */
export async function fetchOne(
  pull: Pull,
  { file, url, bytes, sha256 }: PackFile,
): Promise<string> {
  const { dir, meter, signal, sources, from, retryMs, silenceMs } = pull;
  const path = join(dir, file);
  await Deno.mkdir(dirname(path), { recursive: true });
  if (url === undefined) {
    await Deno.copyFile(join(from!, file), path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      const message = `${join(from!, file)} is not there, and the manifest says no "url" for it`;
      throw new PullError("manifest", message);
    });
    let length = 0;
    const onBytes = (count: number) =>
      meter.at(file, { length: length += count, stage: "verifying" });
    const actual = await hashFile(path, { signal, onBytes });
    meter.total(file, length);
    if (sha256 === undefined || actual === sha256) return actual;
    throw new PullError("hash", `${join(from!, file)} has SHA-256 ${actual}, expected ${sha256}`);
  }
  const fetched = await fetchFile({
    path,
    url,
    bytes: bytes ?? null,
    sha256: sha256 ?? null,
    sources,
    signal,
    onBytes: (length, stage) => meter.at(file, { length, stage }),
    onTotal: (bytes) => meter.total(file, bytes),
    retryMs,
    silenceMs,
  });
  meter.total(file, fetched.bytes);
  return fetched.sha256;
}

/** Makes the folder complete and puts it in its place; `there`: files to take from the installed pack. */
export async function finish(
  { dir, dataDir, name, meter }: Pull,
  { manifest, hashes, there }: {
    manifest: Manifest;
    hashes: Record<string, string>;
    there: string[];
  },
): Promise<void> {
  for (const file of there) {
    const [from, to] = [join(packsDir(dataDir), name, file), join(dir, file)];
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.remove(to).catch(ifMissing(undefined));
    // Some file systems have no links.
    await Deno.link(from, to).catch(() => Deno.copyFile(from, to));
  }
  const files = packFiles(manifest);
  const lengths = Object.fromEntries(
    await Promise.all(files.map(async ({ file }) => [file, await sizeOf(join(dir, file)) ?? 0])),
  ) as Record<string, number>;
  for (const [file, length] of Object.entries(lengths)) {
    meter.at(file, { length, stage: "installing" });
  }
  await checkContent(dir, { manifest, files: files.filter(({ sha256 }) => sha256 === undefined) });
  const installed = withFound(manifest, { hashes, lengths });
  await writeDurably(join(dir, "manifest.json"), `${JSON.stringify(installed, null, 2)}\n`);
  await writeStamp(dir, hashes);
  await removeOthers(dir, [
    ...files.map(({ file }) => join(dir, file)),
    join(dir, "manifest.json"),
  ]);
  await install(packsDir(dataDir), name);
}

// Renamed into place without it, the folder could come back from a power cut with an empty one.
async function writeDurably(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** Removes notes about downloads, and files of an earlier manifest. */
async function removeOthers(dir: string, kept: string[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (isDirectory) await removeOthers(path, kept);
    else if (!kept.includes(path) && !name.startsWith(".")) await Deno.remove(path);
  }
}

const sizeOf = (path: string): Promise<number | null> =>
  Deno.stat(path).then(({ size }) => size, ifMissing(null));
