import { pick } from "../../models/sample/random.ts";
import { disturb } from "./disturb.ts";
import { drawMoments } from "./moments.ts";
import { descendants, signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "many_workers";

/**
 * Three workers on one database; at drawn moments one of them is killed, either the process that
 * works, which its supervisor replaces, or all of it, and somebody starts another.
 */
export async function run(world: World): Promise<void> {
  const site = await world.site({ noWorker: true, embedded: true });
  const programs = [site.startWorker(), site.startWorker(), site.startWorker()];
  const several = world.short ? 1 : 8;
  const moments = drawMoments(
    world.random,
    (phase) => phase === "discovery" || phase === "clustering" ? 1 : several,
  );
  await site.startSession();
  await disturb(world, site, {
    moments,
    async act() {
      const victim = pick(world.random, [0, 1, 2]);
      const whole = world.random() < 0.5;
      const { pid } = programs[victim];
      const below = await descendants(pid);
      const alone = below.length === 0;
      for (const each of whole || alone ? [pid, ...below] : below) signal(each, "SIGKILL");
      if (whole || alone) programs[victim] = site.startWorker();
      return false;
    },
  });
  await compare(world, site);
}
