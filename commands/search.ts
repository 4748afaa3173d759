import { resolve } from "node:path";
import type { Config } from "../config.ts";
import type { Db } from "../db/client.ts";
import { findNamesakes } from "../db/people_queries.ts";
import { DATE_EXAMPLES, parseDateWords } from "../db/search/date_words.ts";
import { createSearch } from "../db/search/search.ts";
import { EncoderFault } from "../db/search/stages.ts";
import type { PhotoFilter, Search, SearchResult } from "../db/search/types.ts";
import { configureLog } from "../log.ts";
import { ImageError } from "../models/types.ts";
import { openHouse } from "./house.ts";
import { textEncoders } from "./text_encoders.ts";
import { openInViewer } from "./viewer.ts";

const LIMIT = 20;
const MOST = 200;
/** Namesakes beyond these are nobody's to tell apart. */
const NAMESAKES = 50;

export interface SearchOptions {
  query: string;
  limit?: string;
  json: boolean;
  /** Shows what was found in the desktop's viewer. */
  open?: boolean;
  /** Also what is no better than chance. */
  all?: boolean;
  /** When, as people say it. */
  taken?: string;
  /** Names; all of them are on the photo. */
  person?: string[];
  folder?: string;
  /** A picture to find others like. */
  like?: string;
}

/**
 * `search`: prints the photos nearest to the words or a picture, best first, a cosine and a path a
 * line; with `json` what the API gives, save the addresses of pictures. Exit code 1 if nothing was
 * found.
 */
export async function searchCommand(config: Config, options: SearchOptions): Promise<number> {
  configureLog({ ...config, logLevel: config.logLevel === "info" ? "warn" : config.logLevel });
  const words = options.query.trim();
  const { like, taken, person = [], folder } = options;
  if (words === "" && [like, taken, folder].every((one) => one === undefined) && !person.length) {
    throw new Error(`Cannot search for nothing: name some words, as in "search red sunset"`);
  }
  const limit = checkLimit(options.limit);
  const picture = like === undefined ? null : await readPicture(like);
  const dates = taken === undefined ? null : datesOf(taken);
  const house = await openHouse(config, "search");
  const { dataDir, vectors } = config;
  const search = createSearch(house.database, textEncoders(config), { dataDir, vectors });
  try {
    const people = await peopleOf(house.database.db, person);
    const filter: PhotoFilter = {
      ...dates ? { taken: dates } : {},
      ...people,
      ...folder === undefined ? {} : { folder: resolve(folder) },
    };
    // There is no later search that would know what chance is.
    if (words !== "" || picture) await warmed(search);
    const found = await search.find({
      ...{ words, filter, limit, everything: options.all },
      ...picture ? { picture: await encode(search, { bytes: picture, path: like! }) } : {},
    });
    print(found, options.json);
    if (options.open) await openInViewer(found.results.map(({ path }) => path));
    return found.results.length > 0 ? 0 : 1;
  } finally {
    await search.close();
    await house.close();
  }
}

function print(found: SearchResult, json: boolean): void {
  if (json) {
    const results = found.results.map(({ id, ...photo }) => ({ photoId: id, ...photo }));
    console.log(JSON.stringify({ ...found, results }, null, 2));
    return;
  }
  for (const { score, path } of found.results) {
    console.log(score === null ? path : `${score.toFixed(3)}  ${path}`);
  }
  for (const line of [found.message, found.notice]) if (line) console.error(line);
  if (found.cut) console.error("(the others are no better than chance; --all shows them)");
  if (found.builtinModels && found.results.length > 0) {
    console.error("(compared by the built-in demonstration models)");
  }
}

// Models that cannot be opened are what the search itself will tell.
const warmed = (search: Search) =>
  search.warm().catch((error) => {
    if (!(error instanceof EncoderFault)) throw error;
  });

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Error(`Cannot read "${path}", which --like names: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function encode(
  search: Search,
  { bytes, path }: { bytes: Uint8Array; path: string },
): Promise<string> {
  try {
    return await search.encodePicture(bytes);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new Error(`Cannot search with "${path}": ${error.message}`, { cause: error });
  }
}

function datesOf(words: string) {
  const dates = parseDateWords(words, new Date());
  if (!dates) throw new Error(`--taken is "${words}", expected a time such as ${DATE_EXAMPLES}`);
  return dates;
}

/** All of those named; where several people are called so, whichever of them. */
async function peopleOf(db: Db, names: string[]): Promise<Pick<PhotoFilter, "people">> {
  if (names.length === 0) return {};
  const found = await Promise.all(names.map(async (name) => {
    const known = await findNamesakes(db, name, { limit: NAMESAKES });
    if (known.length === 0) {
      throw new Error(
        `--person is "${name}", but nobody is called so; "people list" has the names`,
      );
    }
    return known.map(({ id }) => id);
  }));
  const several = found.filter((ids) => ids.length > 1);
  if (several.length > 1) {
    throw new Error(
      `Cannot search for ${
        names.join(" and ")
      }: more than one of these names is several people's; ` +
        "name one of them, or use the page",
    );
  }
  const all = found.filter((ids) => ids.length === 1).flat();
  return { people: { all, any: several.flat(), none: [] } };
}

function checkLimit(given = String(LIMIT)): number {
  const limit = given.trim() === "" ? NaN : Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new Error(`--limit is "${given}", expected a whole number from 1 to ${MOST}`);
  }
  return limit;
}
