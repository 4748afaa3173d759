import { between } from "../../models/sample/random.ts";
import { disturb, untilMet } from "./disturb.ts";
import { counts, ofTwo } from "./moments.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_web";

/** kill -9 of the web process, started again after a while; its worker must end by itself. */
export async function run(world: World): Promise<void> {
  const wanted = world.short ? ofTwo(world.random) : counts(3);
  await untilMet(world, { wanted }, async (moments) => {
    const site = await world.site();
    await site.startSession();
    const met = await disturb(world, site, {
      moments,
      async act({ workerId }) {
        site.web().kill("SIGKILL");
        await site.web().ended;
        await pause(between(world.random, [0, 1500]));
        await site.startWeb();
        return [workerId];
      },
    });
    await compare(world, site);
    return met;
  });
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
