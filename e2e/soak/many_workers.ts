import { pick } from "../../models/sample/random.ts";
import { disturb, untilMet } from "./disturb.ts";
import { counts } from "./moments.ts";
import { descendants, signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "many_workers";

/**
 * Three workers on one database; at drawn moments one of them is killed, either the process that
 * works, which its supervisor replaces, or all of it, and somebody starts another. What it had in
 * hand must be back at work in time, also where only the other workers can see to it.
 */
export async function run(world: World): Promise<void> {
  const wanted = counts(world.short ? 1 : 8, { discovery: 1, clustering: 1 });
  await untilMet(world, { wanted }, async (moments) => {
    const site = await world.site({ noWorker: true, embedded: true });
    const programs = [1, 2, 3].map(() => site.start(["worker"]));
    await site.startSession();
    const met = await disturb(world, site, {
      moments,
      async act() {
        const victim = pick(world.random, [0, 1, 2]);
        const whole = world.random() < 0.5;
        const { pid } = programs[victim];
        const below = await descendants(pid);
        const alone = below.length === 0;
        const all = whole || alone ? [pid, ...below] : below;
        const dead = await site.database.sql`select id from workers where pid = any(${all})`;
        for (const each of all) signal(each, "SIGKILL");
        if (whole || alone) programs[victim] = site.start(["worker"]);
        return dead.map((row) => row.id);
      },
    });
    await compare(world, site);
    return met;
  });
}
