import { between } from "../../models/sample/random.ts";
import { disturb, untilMet } from "./disturb.ts";
import { databasePid } from "./kill_database.ts";
import { counts } from "./moments.ts";
import { signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_everything";

/** Worker, web process and PostgreSQL end in the same moment, as in a power cut; then a new start. */
export async function run(world: World): Promise<void> {
  // Each death of the one item of walk and grouping counts: two are forgiven.
  const wanted = world.short ? counts(0, { training: 1, face_detection: 1 }) : counts(2);
  await untilMet(world, { wanted }, async (moments) => {
    const site = await world.site({ embedded: true });
    await site.startSession();
    const met = await disturb(world, site, {
      moments,
      async act({ pid, workerId }) {
        const database = await databasePid(site.dataDir);
        const order = [() => signal(pid, "SIGKILL"), () => signal(database, "SIGKILL")];
        if (world.random() < 0.5) order.reverse();
        site.web().kill("SIGKILL");
        for (const kill of order) kill();
        await site.web().ended;
        await new Promise((resolve) => setTimeout(resolve, between(world.random, [0, 1500])));
        await site.startWeb();
        return [workerId];
      },
    });
    await compare(world, site);
    return met;
  });
}
