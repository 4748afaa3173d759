import { disturb, untilMet } from "./disturb.ts";
import { counts } from "./moments.ts";
import { signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_worker";

/**
 * kill -9 of the worker that has the phase in hand, at drawn moments of every phase; its supervisor
 * starts it again. Walk and grouping are one item each, and an item that was alone at three deaths
 * is given up: two kills of each in one run.
 */
export async function run(world: World): Promise<void> {
  const [wanted, most] = world.short ? [1, 1] : [30, 2];
  await untilMet(world, { wanted: counts(wanted), most: counts(most) }, async (moments) => {
    const site = await world.site();
    await site.startSession();
    const met = await disturb(world, site, {
      moments,
      act({ pid, workerId }) {
        signal(pid, "SIGKILL");
        return [workerId];
      },
    });
    await compare(world, site);
    return met;
  });
}
