import { alone, pullDir } from "./install.ts";
import { installedPack, packsDir } from "./installed.ts";
import { asPublished, type Manifest, type PackFile, packFiles } from "./manifest.ts";
import { createMeter, type PullProgress } from "./meter.ts";
import { PullError } from "./pull_error.ts";
import { checkRoom, fetchOne, finish, type Pull, usable } from "./pull_files.ts";

export { type PullProgress } from "./meter.ts";
export { PullError } from "./pull_error.ts";

export interface PullOptions {
  dataDir: string;
  /** Somebody has read that the licence is non-commercial and agrees. */
  acceptLicence: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: PullProgress) => void;
  /** A folder with the files that have no URL. */
  from?: string;
  /** Bytes that must stay free on the disk. */
  reserve?: number;
  /** A server to ask instead of the manifest's, as `MIRROR/host/path`. */
  mirror?: string | null;
  /** For tests: plain http to this machine; milliseconds before another attempt, and of silence. */
  loopback?: boolean;
  retryMs?: number;
  silenceMs?: number;
}

/**
 * Fetches the files of a pack, verifies them and installs it in the data directory, in place of what
 * was installed under its name; files that are there and right are not fetched again. A hash that
 * the manifest lacks is recorded in the installed one and holds from then on. Throws a PullError that
 * says what to do; the pack is then as it was before, and what was fetched is continued next time.
 */
export async function pullPack(given: Manifest, options: PullOptions): Promise<void> {
  const manifest = asPublished(given);
  const { name, licence } = manifest;
  checkNames(manifest, options);
  if (licence.nonCommercial && !options.acceptLicence) {
    throw new PullError(
      "licence",
      `The licence of "${name}" forbids commercial use (${licence.name}` +
        `${licence.url ? `, ${licence.url}` : ""}); nothing is fetched until you agree to it`,
    );
  }
  const signal = options.signal ?? new AbortController().signal;
  const dir = pullDir(packsDir(options.dataDir), name);
  try {
    await alone({ packsDir: packsDir(options.dataDir), name }, async () => {
      const files = await withRecorded(manifest, options.dataDir);
      const meter = createMeter(name, {
        sizes: new Map(files.map(({ file, bytes }) => [file, bytes ?? null])),
        report: options.onProgress ?? (() => {}),
      });
      const { hosts } = manifest;
      const sources = { hosts, loopback: options.loopback, mirror: options.mirror };
      const pull: Pull = { ...options, name, dir, sources, signal, meter };
      await Deno.mkdir(dir, { recursive: true });
      const hashes = await usable(pull, files);
      const there = Object.keys(hashes);
      const missing = files.filter(({ file }) => !there.includes(file));
      await checkRoom(pull, missing);
      for (const file of missing) hashes[file.file] = await fetchOne(pull, file);
      await finish(pull, { manifest, hashes, there });
    });
  } catch (error) {
    throw inWords(error, { name, signal, dir });
  }
}

function checkNames(manifest: Manifest, { from }: PullOptions): void {
  const fault = (message: string) => new PullError("manifest", message);
  if (manifest.builtin || manifest.name === "builtin" || manifest.name === "chosen.json") {
    throw fault(
      `"${manifest.name}" is a name of the program's own; give the pack another in its manifest`,
    );
  }
  if (/\.(old|lock)$/i.test(manifest.name)) {
    throw fault(
      `"${manifest.name}" ends like a file that pulls of other packs make; give the pack another ` +
        `name in its manifest`,
    );
  }
  const files = packFiles(manifest);
  if (files.length === 0) throw fault(`The manifest of "${manifest.name}" names no models`);
  const lost = files.find(({ url }) => url === undefined && from === undefined);
  if (lost) {
    throw fault(
      `The manifest of "${manifest.name}" says no "url" for ${lost.file}: add it, or pull the folder ` +
        `that holds the file`,
    );
  }
}

/** The files of the manifest, with the hashes that the first download of this pack recorded. */
async function withRecorded(manifest: Manifest, dataDir: string): Promise<PackFile[]> {
  // What cannot be read holds no promise either, and is about to be replaced.
  const installed = await installedPack(dataDir, manifest.name).catch(() => null);
  const key = ({ file, url }: PackFile) => `${file} ${url}`;
  const recorded = new Map(
    packFiles(asPublished(installed?.manifest ?? manifest)).filter((file) => file.recorded)
      .map((file) => [key(file), file.sha256]),
  );
  return packFiles(manifest).map((file) => ({
    ...file,
    sha256: file.sha256 ?? recorded.get(key(file)),
  }));
}

const FULL = ["ENOSPC", "EDQUOT"];

function inWords(error: unknown, { name, signal, dir }: Pick<Pull, "name" | "signal" | "dir">) {
  if (signal.aborted) {
    const message = `The pull of "${name}" was stopped; pull it again to go on where it was`;
    return new PullError("stopped", message, { cause: error });
  }
  if (error instanceof PullError) {
    const named = error.message.includes(`"${name}"`);
    const message = named ? error.message : `Cannot pull "${name}": ${error.message}`;
    return new PullError(error.fault, message, { cause: error });
  }
  const { code, message } = error as { code?: string; message: string };
  // A mistake in this program is nobody's to mend by rights or room.
  if (code === undefined) return error;
  if (FULL.includes(code ?? "")) {
    const full = `The disk of ${dir} is full; make room and pull "${name}" again to go on`;
    return new PullError("room", full, { cause: error });
  }
  return new PullError(
    "disk",
    `Cannot pull "${name}" into ${dir}: ${message}; give this user the right to write there`,
    { cause: error },
  );
}
