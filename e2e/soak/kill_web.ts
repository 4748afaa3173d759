import { between } from "../../models/sample/random.ts";
import { disturb } from "./disturb.ts";
import { drawMoments, drawTwo } from "./moments.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_web";

/** kill -9 of the web process, started again after a while; its worker must end by itself. */
export async function run(world: World): Promise<void> {
  const site = await world.site();
  const moments = world.short ? drawTwo(world.random) : drawMoments(world.random, () => 3);
  await site.startSession();
  await disturb(world, site, {
    moments,
    async act() {
      site.web().kill("SIGKILL");
      await site.web().ended;
      await pause(between(world.random, [0, 1500]));
      await site.startWeb();
      return true;
    },
  });
  await compare(world, site);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
