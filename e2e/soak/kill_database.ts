import { join } from "node:path";
import { disturb } from "./disturb.ts";
import { drawMoments, drawTwo } from "./moments.ts";
import { signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_database";

/** PostgreSQL shuts down at once, as after a power cut (SIGQUIT); `serve` starts it again. */
export async function run(world: World): Promise<void> {
  const site = await world.site({ embedded: true });
  const moments = world.short ? drawTwo(world.random) : drawMoments(world.random, () => 4);
  await site.startSession();
  await disturb(world, site, {
    moments,
    async act() {
      signal(await databasePid(site.dataDir), "SIGQUIT");
      return false;
    },
  });
  await compare(world, site);
}

/** The process id of the embedded server's first process. */
export async function databasePid(dataDir: string): Promise<number> {
  const text = await Deno.readTextFile(join(dataDir, "postgres", "postmaster.pid"));
  return Number(text.split("\n")[0]);
}
