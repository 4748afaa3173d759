import type { Config } from "../config.ts";
import { catalogue } from "../models/catalogue.ts";
import { readChosen } from "../models/chosen.ts";
import { installedPacks } from "../models/installed.ts";
import { type Manifest, packFiles } from "../models/manifest.ts";
import { BUILTIN } from "../models/pack.ts";
import { bytes } from "../views/format.ts";

interface Row {
  name: string;
  state: string;
  bytes: number | null;
  understands: string[];
  licence: string;
  nonCommercial: boolean;
  pinned: boolean;
}

/** `models list`: a line a pack, those installed first; with `json` the same for programs. */
export async function listCommand(config: Config, { json }: { json: boolean }): Promise<number> {
  // What was chosen cannot be read: all else can be told.
  const chosen = await readChosen(config.dataDir).catch((error: Error) => {
    console.error(error.message);
    return null;
  });
  const inUse = chosen && { clip: chosen.clip ?? BUILTIN, faces: chosen.faces ?? BUILTIN };
  const installed = await installedPacks(config.dataDir, (fault) => console.error(fault));
  const here = new Set(installed.map(({ name }) => name));
  const rows = [
    ...installed.map(({ manifest, bytes }) => row(manifest, { bytes, inUse, installed: true })),
    ...catalogue().filter(({ name }) => !here.has(name)).map((manifest) => row(manifest, {})),
  ];
  if (json) {
    const { modelsDir } = config;
    console.log(JSON.stringify({ modelsDir, chosen: inUse, packs: rows }, null, 2));
    return 0;
  }
  const cells = rows.map(({ name, state, bytes: size, understands }) => [
    name,
    state,
    size === null ? "size unknown" : bytes(size),
    understands.join(", "),
  ]);
  const widths = [0, 1, 2, 3].map((at) => Math.max(...cells.map((cell) => cell[at].length)));
  for (const [at, cell] of cells.entries()) {
    const { licence, pinned } = rows[at];
    const note = pinned ? "" : "; not pinned: recorded at the first download";
    console.log(
      `${cell.map((text, column) => text.padEnd(widths[column])).join("  ")}  ${licence}${note}`,
    );
  }
  console.log(
    inUse
      ? `\nIn use: ${inUse.clip} for pictures and words, ${inUse.faces} for faces`
      : "\nIn use: unknown, since the choice cannot be read",
  );
  if (config.modelsDir !== null) {
    console.log(`… were it not for SAFELIGHT_MODELS, which names "${config.modelsDir}"`);
  }
  return 0;
}

function row(
  manifest: Manifest,
  { bytes, inUse, installed = false }: {
    bytes?: number;
    inUse?: { clip: string; faces: string } | null;
    installed?: boolean;
  },
): Row {
  const { name, licence, roles } = manifest;
  const files = packFiles(manifest);
  const known = files.every(({ bytes }) => bytes !== undefined);
  const used = (inUse?.clip === name && roles.visual) || (inUse?.faces === name && roles.detector);
  return {
    name,
    state: used ? "in use" : installed ? "installed" : "available",
    bytes: bytes ?? (known ? files.reduce((sum, { bytes }) => sum + bytes!, 0) : null),
    understands: [
      ...(roles.visual ? ["pictures and words"] : []),
      ...(roles.detector ? ["faces"] : []),
    ],
    licence: licence.name,
    nonCommercial: licence.nonCommercial,
    pinned: files.every(({ sha256, recorded }) => sha256 !== undefined && !recorded),
  };
}
