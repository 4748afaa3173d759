import type { Config } from "../config.ts";
import { createSearch } from "../db/search.ts";
import { configureLog } from "../log.ts";
import { openHouse } from "./house.ts";
import { textEncoders } from "./text_encoders.ts";

const LIMIT = 20;
const MOST = 200;

/**
 * `search`: prints the photos nearest to the words, best first, a cosine and a path a line; with
 * `json` what the API gives, save the addresses of pictures. Exit code 1 if nothing was found.
 */
export async function searchCommand(
  config: Config,
  options: { query: string; limit?: string; json: boolean },
): Promise<number> {
  configureLog({ ...config, logLevel: config.logLevel === "info" ? "warn" : config.logLevel });
  const query = options.query.trim();
  if (query === "") {
    throw new Error(`Cannot search for nothing: name some words, as in "search red sunset"`);
  }
  const limit = checkLimit(options.limit);
  const house = await openHouse(config, "search");
  const search = createSearch(house.database, textEncoders(config));
  try {
    const found = await search.find(query, limit);
    if (options.json) {
      const results = found.results.map(({ id, ...photo }) => ({ photoId: id, ...photo }));
      console.log(JSON.stringify({ ...found, results }, null, 2));
    } else {
      for (const { score, path } of found.results) console.log(`${score.toFixed(3)}  ${path}`);
      for (const line of [found.message, found.notice]) if (line) console.error(line);
      if (found.builtinModels && found.results.length > 0) {
        console.error("(compared by the built-in demonstration models)");
      }
    }
    return found.results.length > 0 ? 0 : 1;
  } finally {
    await search.close();
    await house.close();
  }
}

function checkLimit(given = String(LIMIT)): number {
  const limit = given.trim() === "" ? NaN : Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new Error(`--limit is "${given}", expected a whole number from 1 to ${MOST}`);
  }
  return limit;
}
