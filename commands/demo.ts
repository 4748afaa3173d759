import { join } from "node:path";
import { type Flags, readConfig } from "../config.ts";
import { terminalUser } from "./terminal_user.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { makeSampleLibrary } from "../models/sample/library.ts";
import { openHouse } from "./house.ts";
import { runSession } from "./run_session.ts";
import { serveCommand } from "./serve.ts";
import { fired, stopSignals } from "./stop_signals.ts";

/**
 * `demo`: makes the sample library, serves it and runs a session over it, shown in the terminal
 * and at the printed address. With `exit` it ends with the final ledger and 0 if the run did what
 * it should; the sample has broken files on purpose, so failed items are part of that. Without
 * `data` everything lies in a temporary folder that is removed at the end.
 */
export async function demoCommand(flags: Flags & { exit: boolean }): Promise<number> {
  const base = flags.data ?? await temporary();
  const { stopping, restore } = stopSignals();
  const served = new AbortController();
  try {
    const library = join(base, "library");
    console.log("Making the sample library …");
    const { files } = await makeSampleLibrary(library);
    console.log(`${files.length} files in ${library}\n`);
    const config = {
      ...readConfig(Deno.env.toObject(), {
        ...flags,
        port: flags.port ?? "0",
        data: join(base, "data"),
      }),
      // The bars own the terminal; what goes wrong still shows.
      logLevel: "warn" as const,
    };
    const address = Promise.withResolvers<string>();
    const serving = serveCommand(config, { ready: address.resolve, stopping: served.signal });
    serving.catch(address.reject);
    const url = await address.promise;
    const house = await openHouse(config, "demo");
    try {
      const sessionId = await createSession(house.database.db, {
        ...terminalUser(),
        name: "Sample library",
        rootPath: library,
        subdirectories: [""],
      });
      console.log(`Watch it at ${url}/sessions/${sessionId}\n`);
      const code = await runSession(house.database, { sessionId, json: false, stopping });
      if (!flags.exit && code < 2) {
        console.log(`\nThe library stays at ${url} until you press Ctrl-C.`);
        await fired(stopping);
      }
      return code === 1 ? 0 : code;
    } finally {
      await house.close();
      served.abort();
      await serving;
    }
  } finally {
    restore();
    if (!flags.data) await Deno.remove(base, { recursive: true });
  }
}

async function temporary(): Promise<string> {
  const base = await Deno.makeTempDir({ prefix: "safelight-demo-" });
  // PostgreSQL runs as another user when this runs as root, and must get through.
  await Deno.chmod(base, 0o711);
  return base;
}
