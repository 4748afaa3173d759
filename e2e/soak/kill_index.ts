import { between } from "../../models/sample/random.ts";
import type { Program } from "../program.ts";
import { disturb, untilMet } from "./disturb.ts";
import { counts, ofTwo } from "./moments.ts";
import { signal } from "./processes.ts";
import type { Site } from "./site.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_index";

/**
 * kill -9 of `index` in the middle of its run, half of the time together with its worker; the same
 * command again goes on with the same session, to its end.
 */
export async function run(world: World): Promise<void> {
  const wanted = world.short ? ofTwo(world.random) : counts(2);
  await untilMet(world, { wanted }, async (moments) => {
    const site = await world.site({ noWeb: true });
    const command = ["index", world.library.path];
    let program = site.start(command);
    site.session = await sessionOf(site, program);
    const met = await disturb(world, site, {
      moments,
      async act({ pid, workerId }) {
        program.kill("SIGKILL");
        if (world.random() < 0.5) signal(pid, "SIGKILL");
        // Not its end: the worker that it leaves behind has the same standard output.
        await new Promise((resolve) => setTimeout(resolve, between(world.random, [0, 1500])));
        program = site.start(command);
        return [workerId];
      },
    });
    await compare(world, site);
    const { code } = await program.ended;
    if (code !== 1) world.wrong(`index ended with ${code}, not with 1 for some failed files`);
    return met;
  });
}

/** The session that the command has made; rejects if it ends without. */
async function sessionOf(site: Site, program: Program): Promise<number> {
  let over = false;
  program.ended.finally(() => over = true);
  while (!over) {
    const [row] = await site.database.sql`select id from sessions`;
    if (row) return Number(row.id);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`index made no session: ${program.errors()}`);
}
