import { join } from "node:path";
import { openDataDir } from "../../db/data_dir.ts";
import { startEmbedded } from "../../db/embedded/server.ts";
import { PHASE_NAMES } from "../../db/schema.ts";
import { pick } from "../../models/sample/random.ts";
import { untilMet } from "./disturb.ts";
import { databasePid } from "./kill_database.ts";
import { counts, inWords, type Moment, reach } from "./moments.ts";
import { signal } from "./processes.ts";
import type { Site } from "./site.ts";
import { compare, type World } from "./world.ts";

export const name = "database_away";

/** Longer than a lease (20 s) and than its longest look. */
const SECONDS = { short: 27, long: 60 };

/**
 * PostgreSQL stops in the middle of a run, with two workers at work, and comes back after longer
 * than a lease. Meanwhile the server says so on every page; afterwards the run goes on by itself,
 * and the workers are those of before: an outage is nobody's death.
 */
export async function run(world: World): Promise<void> {
  const wanted = counts(0, { [pick(world.random, PHASE_NAMES)]: 1 });
  await untilMet(
    world,
    { wanted },
    async ([moment]) => await away(world, moment) ? [moment.phase] : [],
  );
}

/** One outage; false if the run was past the moment before it could be met. */
async function away(world: World, moment: Moment): Promise<boolean> {
  const dir = join(world.dir, "database");
  await openDataDir(dir);
  const server = await startEmbedded(dir);
  try {
    const site = await world.site({ databaseUrl: server.url });
    site.start(["worker"]);
    // Before the session: on a busy machine a start takes longer than a walk.
    await until("two workers are ready", async () => (await workers(site)).length === 2);
    await site.startSession();
    const holder = await reach(site, moment, { files: world.library.files });
    if (!holder) {
      world.did(`missed ${inWords(moment)}`);
      await compare(world, site);
      return false;
    }
    const before = await workers(site);
    world.met(moment.phase);
    const how = pick(world.random, ["SIGINT", "SIGQUIT"] as const);
    signal(await databasePid(dir), how);
    const seconds = SECONDS[world.short ? "short" : "long"];
    world.did(`${how} for ${seconds} s, ${inWords(moment)} (${holder.counted})`);
    await until("nothing answers", async () => (await site.ask("/ready")).status === 503);
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      for (const wrong of await answersAway(site)) world.wrong(wrong);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    await server.ensure();
    await compare(world, site);
    const after = await workers(site);
    if (before.join() !== after.join()) {
      world.wrong(`the workers were ${before.join(" and ")}, now ${after.join(" and ")}`);
    }
    const blamed = await site.database.sql`
      select kind, message from events
      where kind in ('worker_died', 'worker_stalled', 'recovered')`;
    for (const { kind, message } of blamed) {
      world.wrong(`blamed for the outage, ${kind}: ${message}`);
    }
    return true;
  } finally {
    await world.close();
    await server.release();
    await Deno.remove(dir, { recursive: true });
  }
}

async function workers(site: Site): Promise<string[]> {
  const rows = await site.database.sql`select host, pid, id from workers order by pid`;
  return rows.map(({ host, pid, id }) => `${host}, process ${pid} (${id})`);
}

/** What is wrong with the answers of a server without a database. */
async function answersAway(site: Site): Promise<string[]> {
  const api = `/api/v1/training/sessions/${site.session}`;
  const wrong: string[] = [];
  for (const path of ["/sessions", `/sessions/${site.session}`, "/workers", "/search?q=red"]) {
    const { status, type, body } = await site.ask(path);
    if (status !== 503 || !type.startsWith("text/html") || !/does not answer/.test(body)) {
      wrong.push(`without a database ${path} was answered with ${status} (${type})`);
    }
  }
  for (const [path, method] of [[`${api}/progress-unified`, "GET"], [`${api}/pause`, "POST"]]) {
    const { status, body } = await site.ask(path, { method });
    if (status !== 503 || body?.error?.code !== "database_unreachable") {
      wrong.push(
        `without a database ${method} ${path} was answered with ${status}: ${JSON.stringify(body)}`,
      );
    }
  }
  const { status } = await site.ask("/health");
  if (status !== 200) wrong.push(`without a database /health was answered with ${status}`);
  return wrong;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`not in 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
