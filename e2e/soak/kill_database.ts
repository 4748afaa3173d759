import { join } from "node:path";
import { disturb, untilMet } from "./disturb.ts";
import { counts, ofTwo } from "./moments.ts";
import { signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_database";

/** PostgreSQL shuts down at once, as after a power cut (SIGQUIT); `serve` starts it again. */
export async function run(world: World): Promise<void> {
  const wanted = world.short ? ofTwo(world.random) : counts(4);
  await untilMet(world, { wanted }, async (moments) => {
    const site = await world.site({ embedded: true });
    await site.startSession();
    const met = await disturb(world, site, {
      moments,
      async act() {
        signal(await databasePid(site.dataDir), "SIGQUIT");
        return [];
      },
    });
    await compare(world, site);
    return met;
  });
}

/** The process id of the first process of the server in a data directory. */
export async function databasePid(dataDir: string): Promise<number> {
  const text = await Deno.readTextFile(join(dataDir, "postgres", "postmaster.pid"));
  return Number(text.split("\n")[0]);
}
