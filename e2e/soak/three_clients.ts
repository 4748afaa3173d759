import { LISTING_PHASES } from "../../db/item_queries.ts";
import { PHASE_NAMES } from "../../db/schema.ts";
import { between, makeRandom, pick, type Random } from "../../models/sample/random.ts";
import { differences, type LibraryState } from "../library_state.ts";
import type { Answer, Site } from "./site.ts";
import { representatives, unlike } from "./used_library.ts";
import { compare, type World } from "./world.ts";

export const name = "three_clients";

const ACTIONS = ["pause", "resume", "resume", "cancel", "retry", "retry", "start"];
const PHASE_ACTIONS = ["pause", "resume", "resume", "cancel", "retry", "retry"];

/** What remains of a library whatever became of the sessions. */
const EFFECTS = ["photos", "files", "scans", "faces", "clusters", "pictures", "requests"];

/**
 * Three clients pause, resume, cancel, retry and ignore the session, its phases and selections of
 * its items at random; every answer must be 200, or a 409 that names the state. A session left alone
 * afterwards completes the library.
 */
export async function run(world: World): Promise<void> {
  const site = await world.site();
  const seconds = world.short ? 10 : 60;
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
  await compare(world, site, { by: effects });
}

/** Of near-copies the one that was finished before its session was cancelled keeps its place. */
function effects(expected: LibraryState, actual: LibraryState): string[] {
  const same = representatives(expected).join("\n") === representatives(actual).join("\n");
  return same ? differences(expected, actual, EFFECTS) : unlike(expected, actual);
}

async function client(
  world: World,
  site: Site,
  { seed, until, answers }: { seed: number; until: number; answers: Map<string, number> },
): Promise<void> {
  const random = makeRandom(seed);
  while (performance.now() < until) {
    const { path, what, body } = await drawAction(random, site);
    const answer = await post(site, path, body);
    const key = `${what} ${answer.status}`;
    answers.set(key, (answers.get(key) ?? 0) + 1);
    if (!isFair(answer)) {
      world.wrong(
        `${what} ${path} was answered with ${answer.status}: ${
          JSON.stringify(answer.body).slice(0, 300)
        }`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, between(random, [0, 600])));
  }
}

/** True for a 200 that tells whether something changed, and a 409 that names the state. */
function isFair({ status, body }: Answer): boolean {
  if (status === 200) return typeof body.changed === "boolean";
  return status === 409 && body?.error?.code === "illegal_transition" &&
    STATES.includes(body.error.details?.status);
}

const STATES = [
  ...["pending", "discovering", "running", "paused"],
  ...["completed", "failed", "cancelled", "skipped"],
];

interface Wish {
  path: string;
  what: string;
  body?: unknown;
}

async function drawAction(random: Random, site: Site): Promise<Wish> {
  const kind = random();
  if (kind < 0.35) {
    const action = pick(random, ACTIONS);
    return { path: `/${action}`, what: action };
  }
  if (kind < 0.7) {
    const action = pick(random, PHASE_ACTIONS);
    const phase = pick(random, PHASE_NAMES);
    return { path: `/phases/${phase}/${action}`, what: `phase ${action}` };
  }
  const action = pick(random, ["retry", "ignore"]);
  const phase = random() < 0.5 ? { phase: pick(random, LISTING_PHASES) } : {};
  if (random() < 0.3) return { path: `/${action}`, what: `${action} all`, body: phase };
  const list = await site.ask(`/api/v1/sessions/${site.session}/failures`);
  const failed = list.body.items.map(({ jobId }: { jobId: number }) => jobId);
  // Ids of nobody, and one twice, as two tabs send them.
  const jobIds = [...failed.filter(() => random() < 0.5), 2 ** 40, 2 ** 40];
  return { path: `/${action}`, what: `${action} selected`, body: { ...phase, jobIds } };
}

const post = (site: Site, path: string, body?: unknown) =>
  site.ask(`/api/v1/training/sessions/${site.session}${path}`, {
    method: "POST",
    body: body ?? (path.endsWith("/retry") ? {} : undefined),
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
