import { join, relative } from "node:path";
import { hashFile } from "./identity.ts";
import { alone } from "./install.ts";
import { type InstalledPack, packsDir } from "./installed.ts";
import { type Manifest, packFiles } from "./manifest.ts";
import { type Optimized, optimizeGraph } from "./optimize.ts";
import { writeStamp } from "./stamp.ts";
import { writeText } from "./write_text.ts";

// Detectors look at one picture at a time, texts come one by one.
const ROLES = ["visual", "recogniser"] as const;

/**
 * Lets the graphs of an installed pack that take one picture at a time take several, where that gives
 * the same results; returns by file what came of it. The rewritten graph takes the place of the other in
 * the manifest, and its vectors keep their name; the other stays until the pack is pulled again, since
 * workers that have opened the pack open its graphs by their paths when they need them. Throws an Error if a graph is not the one its manifest names, or a
 * PullError if the pack is being pulled.
 */
export async function optimizePack(
  dataDir: string,
  { name, dir, manifest }: InstalledPack,
): Promise<Record<string, Optimized>> {
  return await alone({ packsDir: packsDir(dataDir), name }, async () => {
    const outcomes: Record<string, Optimized> = {};
    for (const kind of ROLES) {
      const role = manifest.roles[kind];
      if (!role) continue;
      const original = join(dir, role.file);
      const sha256 = await hashFile(original);
      if (role.sha256 !== undefined && role.sha256 !== sha256) {
        throw new Error(
          `"${original}" has SHA-256 ${sha256}, expected ${role.sha256}; run ` +
            `"deno task models pull ${name}" first`,
        );
      }
      const outcome = await optimizeGraph(original, { size: role.size });
      outcomes[role.file] = outcome;
      if ("refused" in outcome) continue;
      const changed = {
        ...role,
        file: relative(dir, outcome.path),
        sha256: await hashFile(outcome.path),
        bytes: (await Deno.stat(outcome.path)).size,
        madeOf: role.madeOf ?? sha256,
      };
      manifest = { ...manifest, roles: { ...manifest.roles, [kind]: changed } };
      await writeManifest(dir, manifest);
    }
    return outcomes;
  });
}

async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const hashes: Record<string, string> = {};
  for (const { file, sha256 } of packFiles(manifest)) {
    hashes[file] = sha256 ?? await hashFile(join(dir, file));
  }
  await writeText(join(dir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeStamp(dir, hashes);
}
