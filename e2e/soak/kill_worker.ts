import { disturb, givenBack } from "./disturb.ts";
import { drawMoments } from "./moments.ts";
import { signal } from "./processes.ts";
import type { Site } from "./site.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_worker";

/**
 * kill -9 of the worker that has the phase in hand, at drawn moments of every phase; its supervisor
 * starts it again. Walk and grouping are one item each, and an item that was alone at three deaths
 * is given up: two kills in each of them.
 */
export async function run(world: World): Promise<void> {
  const site = await world.site();
  const several = world.short ? 2 : 5;
  const moments = drawMoments(
    world.random,
    (phase) => phase === "discovery" || phase === "clustering" ? 2 : several,
  );
  await site.startSession();
  let kills = 0;
  await disturb(world, site, {
    moments,
    async act({ pid, workerId }) {
      signal(pid, "SIGKILL");
      await givenBack(world, { site, workerId });
      // The supervisor waits 1, 2, 4 … s before it starts the next; a new one begins at 1 again.
      if (++kills % 2 === 0) await restart(site);
      return true;
    },
  });
  await compare(world, site);
}

async function restart(site: Site): Promise<void> {
  site.web().kill("SIGTERM");
  await site.web().ended;
  await site.startWeb();
}
