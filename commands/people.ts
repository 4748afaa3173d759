import { resolve } from "node:path";
import type { Config } from "../config.ts";
import { listPeople, type PersonRow } from "../db/people_queries.ts";
import {
  exportFolder,
  exportPeople,
  SIDECAR_FORMATS,
  type SidecarFormat,
} from "../jobs/people/xmp_export.ts";
import { configureLog } from "../log.ts";
import { type House, openHouse } from "./house.ts";
import { stopSignals } from "./stop_signals.ts";

const USAGE = `Say what to do with people:

  list        people with their figures, those on most photos first
                --json
  export DIR  names and boxes of faces as sidecars in a folder of their own
                (a.jpg.xmp, as digiKam and darktable name them)
                --format xmp|json (xmp)  --force: also into a folder that is not empty`;

/** People read by one statement. */
const PAGE = 500;

export interface PeopleOptions {
  words: string[];
  format?: string;
  force: boolean;
  json: boolean;
}

/**
 * `people`: who is in the library, and their names and boxes as files for other programs. Exit code
 * 1 if some sidecars could not be written, 130 if interrupted. Throws an Error that says what to do
 * about everything else.
 */
export async function peopleCommand(
  config: Config,
  { words: [deed, dir, ...others], ...options }: PeopleOptions,
): Promise<number> {
  configureLog({ ...config, logLevel: config.logLevel === "info" ? "warn" : config.logLevel });
  const list = deed === "list" && dir === undefined;
  const write = deed === "export" && dir !== undefined && dir.trim() !== "";
  if (others.length > 0) throw new Error(`There is no use for "${others.join(" ")}"\n\n${USAGE}`);
  if (!list && !write) throw new Error(USAGE);
  if (list && (options.format !== undefined || options.force)) {
    throw new Error(`"people list" has no use for --format and --force\n\n${USAGE}`);
  }
  if (write && options.json) {
    throw new Error(`"people export" has no use for --json; for sidecars, say --format json`);
  }
  const format = checkFormat(options.format);
  const house = await openHouse(config, "people");
  try {
    return list
      ? await listCommand(house, options)
      : await exportCommand(house, { dir: resolve(dir), format, force: options.force, config });
  } finally {
    await house.close();
  }
}

function checkFormat(given = "xmp"): SidecarFormat {
  const format = SIDECAR_FORMATS.find((format) => format === given);
  if (format) return format;
  throw new Error(`--format is "${given}", expected ${SIDECAR_FORMATS.join(" or ")}`);
}

/** A line a person: figures first, since they are as wide as they are in any script. */
async function listCommand({ database }: House, { json }: { json: boolean }): Promise<number> {
  const people: PersonRow[] = [];
  for (let total = Infinity; people.length < total;) {
    const page = await listPeople(database.db, { limit: PAGE, offset: people.length });
    people.push(...page.people);
    total = page.people.length === 0 ? 0 : page.total;
  }
  if (json) {
    const rows = people.map(({ id, name, photos, faces, confirmed }) => ({
      id,
      name,
      photos,
      faces,
      confirmed,
    }));
    console.log(JSON.stringify({ people: rows }, null, 2));
    return 0;
  }
  if (people.length === 0) {
    console.log('Nobody yet; name the faces on the page "People"');
    return 0;
  }
  const cells = [
    ["photos", "faces", "confirmed", "name"],
    ...people.map(({ photos, faces, confirmed, name }) => [
      photos.toLocaleString("en"),
      faces.toLocaleString("en"),
      confirmed.toLocaleString("en"),
      name === null ? "(no name yet)" : visible(name),
    ]),
  ];
  const widths = [0, 1, 2].map((at) => Math.max(...cells.map((cell) => cell[at].length)));
  for (const [at, row] of cells.entries()) {
    const figures = row.slice(0, 3).map((text, column) => text.padStart(widths[column]));
    console.log([...figures, row[3]].join("  "));
    if (at === 0) console.log("-".repeat(widths[0] + widths[1] + widths[2] + 10));
  }
  return 0;
}

async function exportCommand(
  { database }: House,
  { dir, config, ...options }: {
    dir: string;
    format: SidecarFormat;
    force: boolean;
    config: Config;
  },
): Promise<number> {
  const folder = await exportFolder(database.db, { ...options, dir, dataDir: config.dataDir });
  const { stopping, restore } = stopSignals();
  try {
    const { sidecars, faces, failed } = await exportPeople(database.db, {
      ...options,
      folder,
      signal: stopping,
      onFailure: (path, reason) => console.error(`"${visible(path)}": ${visible(reason)}`),
    });
    const number = (count: number) => count.toLocaleString("en");
    console.log(
      `Wrote ${number(sidecars)} sidecar${sidecars === 1 ? "" : "s"} with ${number(faces)} ` +
        `face${faces === 1 ? "" : "s"} to "${visible(folder)}"` +
        (failed > 0 ? `; ${number(failed)} could not be written, see above` : ""),
    );
    if (stopping.aborted) console.error("Interrupted; repeat it with --force for the rest");
    return stopping.aborted ? 130 : failed > 0 ? 1 : 0;
  } finally {
    restore();
  }
}

/** On one line, and without what a terminal would obey. */
function visible(text: string): string {
  return text.replaceAll(/\p{Control}/gu, (found) => JSON.stringify(found).slice(1, -1));
}
