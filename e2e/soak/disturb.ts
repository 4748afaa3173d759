import { PHASE_NAMES, type PhaseName } from "../../db/schema.ts";
import {
  drawMoments,
  type Holder,
  inWords,
  type Moment,
  type PhaseCounts,
  reach,
} from "./moments.ts";
import type { Site } from "./site.ts";
import type { World } from "./world.ts";

/**
 * On a quiet machine 2 of 90 moments were missed, both of grouping, two runs after each other; on a
 * busy one, where what is counted is written down late, more.
 */
const MOST_TIMES = 6;

/**
 * Has `play` disturb one run after the other, each on a site of its own, until as many moments of
 * every phase were really met as are wanted. A run gets at most `most` of a phase and resolves with
 * the phases of those it met; what a fast run left behind is drawn again for the next. If six times
 * as many runs as are needed do not suffice, that is wrong.
 */
export async function untilMet(
  world: World,
  { wanted, most = wanted }: { wanted: PhaseCounts; most?: PhaseCounts },
  play: (moments: Moment[]) => Promise<PhaseName[]>,
): Promise<void> {
  const left = { ...wanted };
  const runs = Math.max(...PHASE_NAMES.map((phase) => Math.ceil(left[phase] / (most[phase] || 1))));
  for (let run = 0; PHASE_NAMES.some((phase) => left[phase] > 0); run++) {
    if (run >= MOST_TIMES * runs) {
      world.wrong(`${run} runs were too few to meet all moments; left: ${JSON.stringify(left)}`);
      return;
    }
    const moments = drawMoments(world, (phase) => Math.min(left[phase], most[phase]));
    for (const phase of await play(moments)) left[phase]--;
    await world.close();
  }
}

/**
 * Waits for one moment after the other and does `act` in each, which resolves with the ids of the
 * workers that it killed. Resolves with the phases of the moments that were met, when nothing is
 * in the hands of the dead any more.
 */
export async function disturb(
  world: World,
  site: Site,
  { moments, act }: { moments: Moment[]; act: (holder: Holder) => Promise<string[]> | string[] },
): Promise<PhaseName[]> {
  const dead = new Set<string>();
  const returning: Promise<void>[] = [];
  const met: PhaseName[] = [];
  for (const moment of moments) {
    const holder = await reach(site, moment, { files: world.library.files, dead });
    if (!holder) {
      world.did(`missed ${inWords(moment)}`);
      continue;
    }
    const died = performance.now();
    for (const workerId of await act(holder)) {
      dead.add(workerId);
      returning.push(givenBack(world, site, { workerId, died }));
    }
    world.met(moment.phase);
    world.did(`${inWords(moment)} (${holder.counted})`);
    met.push(moment.phase);
  }
  await Promise.all(returning);
  return met;
}

/** Seconds after which a dead worker must have nothing in hand any more. */
const PROMISED = 30;
/** Seconds between a look at that and its answer, on a busy machine. */
const MARGIN = 1;

async function givenBack(
  world: World,
  site: Site,
  { workerId, died }: { workerId: string; died: number },
): Promise<void> {
  while (performance.now() - died < (PROMISED + MARGIN) * 1000) {
    const held = await site.database.sql`
      select 1 from jobs where state = 'running' and worker_id = ${workerId} limit 1`
      // The database may be what was killed.
      .catch(() => ["no answer"]);
    if (held.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  world.wrong(`${PROMISED} s after its death a worker had items in hand`);
}
