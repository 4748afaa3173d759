import type { Config } from "../config.ts";
import { type Database, openDatabase } from "../db/client.ts";
import { openDataDir } from "../db/data_dir.ts";
import { startEmbedded } from "../db/embedded/server.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { log, logError } from "../log.ts";

/** What every command that works on a library needs: data directory, migrated database, connection. */
export interface House {
  database: Database;
  close(): Promise<void>;
}

/** How often the embedded server is looked after. */
const CARE_MS = 1000;

/**
 * Opens the data directory and the database in it, or the one DATABASE_URL names, brings the
 * schema up to date and connects. An embedded server that dies is started again, on the same
 * port, while the house is open.
 */
export async function openHouse(config: Config, name: string): Promise<House> {
  await openDataDir(config.dataDir);
  const server = config.databaseUrl ? null : await startEmbedded(config.dataDir);
  try {
    const url = config.databaseUrl ?? server!.url;
    // Connected first: it is this that says in words what is wrong with a server.
    const database = await openDatabase(url, { name: `safelight ${name}` });
    await migrateDatabase(url).catch(async (error) => {
      await database.close();
      throw error;
    });
    let caring = Promise.resolve();
    const care = setInterval(() => {
      caring = caring.then(async () => {
        try {
          if (await server?.ensure()) log("warn", "the embedded database had died and was started");
        } catch (error) {
          logError("the embedded database cannot be started", error);
        }
      });
    }, CARE_MS);
    return {
      database,
      async close() {
        clearInterval(care);
        await caring;
        await database.close();
        await server?.release();
      },
    };
  } catch (error) {
    await server?.release();
    throw error;
  }
}
