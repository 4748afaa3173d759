import { startCuttingProxy } from "./proxy.ts";
import { compare, type World } from "./world.ts";

export const name = "cut_connections";

/**
 * Between the workers and the database is a proxy that cuts connections: in the middle of a
 * statement, after a commit whose answer never arrives, and by saying nothing for a while.
 */
export async function run(world: World): Promise<void> {
  const site = await world.site({ noWorker: true });
  const target = new URL(site.databaseUrl);
  await using proxy = startCuttingProxy({
    hostname: target.hostname,
    port: Number(target.port),
    random: world.random,
    cuts: world.short ? 8 : 60,
  });
  target.hostname = "127.0.0.1";
  target.port = String(proxy.port);
  let [over, starts] = [false, 0];
  // As a service manager does: a worker that cannot reach the database at its start ends.
  (async () => {
    while (!over) {
      starts++;
      await site.start(["worker"], { DATABASE_URL: target.href }).ended;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  await site.startSession();
  await site.ended().finally(() => over = true);
  if (starts > 1) world.did(`the worker ended and was started again ${starts - 1} times`);
  world.did(proxy.done().join(", "));
  if (proxy.done().length === 0) world.wrong("nothing was cut");
  await compare(world, site);
  // The worker signs off through the proxy: it must be there until then.
  await site.stop();
}
