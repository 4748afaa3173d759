import { type Holder, inWords, type Moment, reach } from "./moments.ts";
import type { Site } from "./site.ts";
import type { World } from "./world.ts";

/**
 * Waits for one moment after the other and does `act` in each, which says whether it was the death
 * of the worker that had the phase in hand. A moment that a fast run has left behind is told as
 * missed; it is wrong if half of them are.
 */
export async function disturb(
  world: World,
  site: Site,
  { moments, act }: { moments: Moment[]; act: (holder: Holder) => Promise<boolean> | boolean },
): Promise<void> {
  const dead = new Set<string>();
  const returning: Promise<void>[] = [];
  let met = 0;
  for (const moment of moments) {
    const holder = await reach(site, moment, { files: world.library.files, dead });
    if (!holder) {
      world.did(`missed ${inWords(moment)}`);
      continue;
    }
    if (await act(holder)) {
      dead.add(holder.workerId);
      returning.push(givenBack(world, { site, workerId: holder.workerId }));
    }
    world.did(`${inWords(moment)} (${holder.counted})`);
    met++;
  }
  await Promise.all(returning);
  if (met < moments.length / 2) world.wrong(`only ${met} of ${moments.length} moments were met`);
}

/** Seconds after which a dead worker may have nothing in hand any more, and as many for a busy machine. */
const LONGEST = 30 + 15;

/** Waits until nothing is in the hands of a dead worker; after LONGEST seconds that is wrong. */
export async function givenBack(
  world: World,
  { site, workerId }: { site: Site; workerId: string },
): Promise<void> {
  const started = performance.now();
  while (performance.now() - started < LONGEST * 1000) {
    const held = await site.database.sql`
      select 1 from jobs where state = 'running' and worker_id = ${workerId} limit 1`
      // The database may be what is killed next.
      .catch(() => ["no answer"]);
    if (held.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  world.wrong(`${LONGEST} s after its death a worker had items in hand`);
}
