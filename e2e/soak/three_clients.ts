import { between, makeRandom, pick, type Random } from "../../models/sample/random.ts";
import { PHASE_NAMES } from "../../db/schema.ts";
import type { Site } from "./site.ts";
import { compare, type World } from "./world.ts";

export const name = "three_clients";

const ACTIONS = ["pause", "resume", "resume", "cancel", "retry", "retry", "start"];
const PHASE_ACTIONS = ["pause", "resume", "resume", "cancel", "retry", "retry"];

/** What remains of a library whatever became of the sessions. */
const EFFECTS = ["photos", "files", "scans", "faces", "clusters", "pictures", "requests"];

/**
 * Three clients pause, resume, cancel and retry the session and its phases at random; every answer
 * must be 200, or a 409 that names the state. A session left alone afterwards completes the library.
 */
export async function run(world: World): Promise<void> {
  const site = await world.site();
  const seconds = world.short ? 8 : 60;
  const seeds = [0, 1, 2].map(() => Math.floor(world.random() * 2 ** 32));
  await site.startSession();
  const answers = new Map<string, number>();
  const until = performance.now() + seconds * 1000;
  await Promise.all(seeds.map((seed) => client(world, site, { seed, until, answers })));
  world.did(
    [...answers].sort().map(([answer, count]) => `${count} × ${answer}`).join(", "),
  );
  await settle(site);
  await site.startSession();
  await compare(world, site, { sections: EFFECTS });
}

async function client(
  world: World,
  site: Site,
  { seed, until, answers }: { seed: number; until: number; answers: Map<string, number> },
): Promise<void> {
  const random = makeRandom(seed);
  while (performance.now() < until) {
    const { path, what } = drawAction(random);
    const { status, body } = await post(site, path);
    const key = `${what} ${status}`;
    answers.set(key, (answers.get(key) ?? 0) + 1);
    if (status !== 200 && status !== 409) {
      world.wrong(`${path} was answered with ${status}: ${JSON.stringify(body).slice(0, 300)}`);
    } else if (status === 409 && !/ is (now )?[a-z]+/.test(body?.error?.message ?? "")) {
      world.wrong(`${path}: a 409 that does not name the state: ${JSON.stringify(body)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, between(random, [0, 300])));
  }
}

function drawAction(random: Random): { path: string; what: string } {
  if (random() < 0.5) {
    const action = pick(random, ACTIONS);
    return { path: `/${action}`, what: action };
  }
  const action = pick(random, PHASE_ACTIONS);
  const phase = pick(random, PHASE_NAMES);
  return { path: `/phases/${phase}/${action}`, what: `phase ${action}` };
}

const post = (site: Site, path: string) =>
  site.ask(`/api/v1/training/sessions/${site.session}${path}`, {
    method: "POST",
    body: path.endsWith("/retry") ? {} : undefined,
  });

/** Lets go of whatever the clients held back, until the session has ended. */
async function settle(site: Site): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    const progress = (await site.ask(
      `/api/v1/training/sessions/${site.session}/progress-unified`,
    )).body;
    if (["completed", "failed", "cancelled"].includes(progress.overallStatus)) {
      return await site.ended();
    }
    if (progress.overallStatus === "pending") await post(site, "/start");
    if (progress.overallStatus === "paused") await post(site, "/resume");
    // deno-lint-ignore no-explicit-any
    for (const { name, status } of Object.values(progress.phases) as any[]) {
      if (status === "paused") await post(site, `/phases/${name}/resume`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the session did not end after it was resumed");
}
