import { between } from "../../models/sample/random.ts";
import { disturb } from "./disturb.ts";
import { databasePid } from "./kill_database.ts";
import { drawMoments } from "./moments.ts";
import { signal } from "./processes.ts";
import { compare, type World } from "./world.ts";

export const name = "kill_everything";

/** Worker, web process and PostgreSQL end in the same moment, as in a power cut; then a new start. */
export async function run(world: World): Promise<void> {
  const site = await world.site({ embedded: true });
  // Each death of the one item of walk and grouping counts: two are forgiven.
  const moments = world.short
    ? drawMoments(world.random, () => 1, ["training", "face_detection"])
    : drawMoments(world.random, () => 2);
  await site.startSession();
  await disturb(world, site, {
    moments,
    async act({ pid }) {
      const database = await databasePid(site.dataDir);
      const order = [() => signal(pid, "SIGKILL"), () => signal(database, "SIGKILL")];
      if (world.random() < 0.5) order.reverse();
      site.web().kill("SIGKILL");
      for (const kill of order) kill();
      await site.web().ended;
      await new Promise((resolve) => setTimeout(resolve, between(world.random, [0, 1500])));
      await site.startWeb();
      return true;
    },
  });
  await compare(world, site);
}
