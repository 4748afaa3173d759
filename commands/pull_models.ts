import { basename, dirname, join } from "node:path";
import type { Config } from "../config.ts";
import { openDataDir } from "../db/data_dir.ts";
import { catalogue } from "../models/catalogue.ts";
import { ifMissing, installedPack } from "../models/installed.ts";
import { type Manifest, parseManifest } from "../models/manifest.ts";
import { PullError, pullPack, type PullProgress } from "../models/pull.ts";
import { bytes } from "../views/format.ts";
import { stopSignals } from "./stop_signals.ts";
import { createScreen, duration } from "./terminal.ts";

/** Lines of progress where there is no terminal, at most so often. */
const EVERY_MS = 5000;

/**
 * `models pull`: fetches a pack of the catalogue, an installed one again, or that of a manifest of
 * one's own. Asks for consent to a licence that forbids commercial use.
 */
export async function pullCommand(
  config: Config,
  { name, acceptLicence }: { name: string; acceptLicence: boolean },
): Promise<number> {
  const { manifest, from } = await findManifest(config.dataDir, name);
  if (!acceptLicence && manifest.licence.nonCommercial) acceptLicence = consent(manifest);
  await openDataDir(config.dataDir);
  const { stopping, restore } = stopSignals();
  try {
    await pullPack(manifest, {
      dataDir: config.dataDir,
      acceptLicence,
      from,
      mirror: config.modelsMirror,
      reserve: config.minFreeMb * 1e6,
      signal: stopping,
      onProgress: createReport(),
    });
  } catch (error) {
    if (!(error instanceof PullError && error.fault === "stopped")) throw error;
    console.error(error.message);
    return 130;
  } finally {
    restore();
  }
  console.log(
    `Installed ${manifest.name}; work with it: deno task models use ${manifest.name}`,
  );
  return 0;
}

async function findManifest(
  dataDir: string,
  name: string,
): Promise<{ manifest: Manifest; from?: string }> {
  const known = catalogue().find((manifest) => manifest.name === name);
  if (known) return { manifest: known };
  const isFolder = await Deno.stat(name).then((entry) => entry.isDirectory, ifMissing(null));
  if (isFolder !== null) {
    const path = isFolder ? join(name, "manifest.json") : name;
    return { manifest: parseManifest(await Deno.readTextFile(path), path), from: dirname(path) };
  }
  const installed = /[/\\]/.test(name) ? null : await installedPack(dataDir, name);
  if (installed) return { manifest: installed.manifest };
  throw new Error(
    `There is no pack "${basename(name)}", nor a manifest at "${name}"; these can be pulled by ` +
      `name: ${catalogue().map(({ name }) => name).join(", ")}`,
  );
}

function consent({ name, licence }: Manifest): boolean {
  const told = `The licence of "${name}" forbids commercial use: ${licence.name}` +
    `${licence.url ? ` (${licence.url})` : ""}`;
  if (!Deno.stdin.isTerminal()) {
    throw new Error(`${told}. If you agree to it, repeat this with --accept-licence`);
  }
  console.log(told);
  if (!confirm("Do you agree to it?")) throw new Error(`"${name}" was not fetched`);
  return true;
}

function createReport(): (progress: PullProgress) => void {
  if (Deno.stdout.isTerminal()) {
    const screen = createScreen((text) => Deno.stdout.writeSync(new TextEncoder().encode(text)));
    return (progress) => screen([line(progress)]);
  }
  let last = { stage: "", file: "", at: 0 };
  return (progress) => {
    const { stage, file } = progress;
    const same = stage === last.stage && file === last.file;
    if (same && performance.now() - last.at < EVERY_MS) return;
    last = { stage, file, at: performance.now() };
    console.log(line(progress));
  };
}

function line({ file, stage, bytes: there, total, ...pace }: PullProgress): string {
  const share = total === null ? "" : `${(there / total * 100).toFixed(1).padStart(5)} %  `;
  const of = total === null ? "" : ` of ${bytes(total)}`;
  const rate = pace.bytesPerSecond === null ? "" : `, ${bytes(Math.round(pace.bytesPerSecond))}/s`;
  const left = pace.etaSeconds === null ? "" : `, about ${duration(pace.etaSeconds)} left`;
  return `${share}${stage} ${file}: ${bytes(there)}${of}${rate}${left}`;
}
