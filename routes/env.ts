import type { Config } from "../config.ts";
import type { Database } from "../db/client.ts";
import type { Search } from "../db/search/search.ts";
import type { FolderCounter } from "./folder_counter.ts";
import type { Pulls } from "./pulls.ts";

/** What every handler may use; set once per request by createApp. */
export interface Deps {
  database: Database;
  config: Config;
  counter: FolderCounter;
  search: Search;
  pulls: Pulls;
}

export type Env = { Variables: Deps };
