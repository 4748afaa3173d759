import { PHASE_NAMES, type PhaseName } from "../../db/schema.ts";
import { between, pick, type Random } from "../../models/sample/random.ts";
import type { Site } from "./site.ts";

/** A drawn moment of a run: a share of a phase that is counted, and a little later. */
export interface Moment {
  phase: PhaseName;
  /** Share of the phase's items or units that are counted, 0 to 1. */
  share: number;
  delayMs: number;
}

/** Who had something of the phase in hand when the moment had come. */
export interface Holder {
  workerId: string;
  pid: number;
  counted: number;
}

/** So many of each phase. */
export type PhaseCounts = Record<PhaseName, number>;

const PATIENCE_SECONDS = 240;

/**
 * Draws `count` moments of every phase, in the order in which they come. The short version's phases
 * last for a second or two and end with a batch: nothing near their end can be met there. Its
 * grouping lasts for half a second and counts every 0.4 s: of that only the time is drawn, as shares
 * of it were once missed in six runs in a row.
 */
export function drawMoments(
  { random, short }: { random: Random; short: boolean },
  count: (phase: PhaseName) => number,
): Moment[] {
  const [latest, delay] = short ? [0.6, 60] : [0.9, 200];
  return PHASE_NAMES.flatMap((phase) =>
    Array.from({ length: count(phase) }, () => ({
      phase,
      share: short && phase === "clustering" ? 0 : between(random, [0, latest]),
      delayMs: Math.round(between(random, [0, delay])),
    })).sort((a, b) => a.share - b.share)
  );
}

/** The same number of every phase, except for those named. */
export const counts = (each: number, except: Partial<PhaseCounts> = {}): PhaseCounts => ({
  discovery: each,
  training: each,
  face_detection: each,
  clustering: each,
  ...except,
});

/** One of each of two drawn phases: enough where every moment costs a start. */
export function ofTwo(random: Random): PhaseCounts {
  const first = pick(random, PHASE_NAMES);
  const second = pick(random, PHASE_NAMES.filter((phase) => phase !== first));
  return counts(0, { [first]: 1, [second]: 1 });
}

/** In words, for a scenario's line. */
export const inWords = ({ phase, share, delayMs }: Moment) =>
  `${phase} at ${Math.round(100 * share)} % + ${delayMs} ms`;

/**
 * Waits for a moment: as much is counted as was drawn, and a worker that is none of `dead` (ids)
 * has something of the phase in hand. Null if the phase ended before. Rejects after four minutes.
 */
export async function reach(
  site: Site,
  moment: Moment,
  options: { files: number; dead?: Set<string> },
): Promise<Holder | null> {
  const deadline = performance.now() + PATIENCE_SECONDS * 1000;
  let last = "nothing";
  while (performance.now() < deadline) {
    const row = await look(site, moment.phase);
    if (row) {
      last = JSON.stringify(row);
      if (["completed", "failed", "cancelled"].includes(row.status)) return null;
      // While folders are walked, only the library's maker knows how many files there are.
      const total = row.total ?? options.files;
      if (holderOf(row, options.dead) && row.counted >= Math.floor(moment.share * total)) {
        await new Promise((resolve) => setTimeout(resolve, moment.delayMs));
        // A phase may have ended meanwhile, or be in other hands.
        const now = await look(site, moment.phase);
        const holder = now && holderOf(now, options.dead);
        if (holder) return { workerId: holder.id, pid: holder.pid, counted: now.counted };
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error(`${inWords(moment)} did not come in ${PATIENCE_SECONDS} s: ${last}`);
}

interface Row {
  status: string;
  total: number | null;
  counted: number;
  holders: { id: string; pid: number }[] | null;
}

const holderOf = ({ holders }: Row, dead?: Set<string>) =>
  holders?.find(({ id }) => !dead?.has(id));

async function look(site: Site, phase: PhaseName): Promise<Row | null> {
  const rows = await site.database.sql<Row[]>`
    select p.status, p.total,
      p.done + case when p.name = 'discovery' then 0 else p.skipped + p.failed + p.cancelled end
        as counted,
      (select json_agg(distinct jsonb_build_object('id', w.id, 'pid', w.pid))
        from jobs j join workers w on w.id = j.worker_id
        where j.session_id = p.session_id and j.phase = p.name and j.state = 'running') as holders
    from phases p where p.session_id = ${site.session} and p.name = ${phase}`
    // The database may be what was killed last.
    .catch(() => []);
  return rows[0] ?? null;
}
