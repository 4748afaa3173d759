import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { logSettings } from "../../log.ts";
import { startThread, type Thread } from "../../models/thread.ts";
import type { FoundVectors, IndexProgress, IndexSettings, LibraryIndex } from "./library_index.ts";
import type { Select } from "./id_list.ts";
import type { Outcome, Request } from "./thread.ts";

const SCRIPT = new URL("./thread.ts", import.meta.url);
const dialect = new PgDialect({ casing: "snake_case" });

/** A `LibraryIndex` in a thread of its own; selects cross to it as text and parameters. */
export function openThreadIndex(settings: IndexSettings): LibraryIndex {
  let thread: Thread<Request> | null = null;
  let closed: Promise<void> | null = null;

  async function ask<Result>(request: Request): Promise<Result> {
    if (closed) throw new Error("The search index is closed");
    if (!thread || thread.dead) {
      thread = startThread<Request>(SCRIPT, "search index");
      // If this fails the thread has died, which the request itself will tell.
      thread.ask({ op: "open", ...settings, log: logSettings() }).catch(() => {});
    }
    const outcome = await thread.ask(request) as Outcome<Result>;
    if ("result" in outcome) return outcome.result;
    throw Object.assign(new Error(outcome.message), { code: outcome.unreachable });
  }

  async function end(): Promise<void> {
    if (thread && !thread.dead) await thread.ask({ op: "close" });
  }

  return {
    search(vector, k, { among } = {}) {
      const select: Select | null = among ? selectOf(among) : null;
      return ask<FoundVectors>({ op: "search", vector, k, among: select });
    },
    progress() {
      if (!thread || thread.dead) return Promise.resolve({ state: "idle", done: 0, total: 0 });
      return ask<IndexProgress>({ op: "progress" });
    },
    async warm() {
      await ask({ op: "catchUp" });
    },
    // Once: a thread that has closed itself answers nobody.
    close: () => closed ??= end(),
  };
}

/** Without what else a compiled query carries, which may not cross to a thread. */
function selectOf(among: SQL): Select {
  const { sql, params } = dialect.sqlToQuery(among);
  return { sql, params };
}
