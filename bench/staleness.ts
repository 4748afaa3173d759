import { join } from "node:path";
import { makeSampleLibrary } from "../models/sample/library.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { median, print, quantile, type Served, sleep, withServer } from "./support.ts";

/**
 * Promise 6: how old is what a poll of /progress-unified returns while items are being finished?
 * A second loop reads the counts from the database every 10 ms, which gives the moment of every
 * commit. For each answer, at the moment it has arrived:
 *   age       time since the commit of the counts it shows (before the first: since the phase was
 *             opened): items finished in the meantime, in a batch under way, cannot be in it;
 *   outdated  time since a newer commit than the one it shows, 0 if there is none: what the way
 *             from the database to the reader adds.
 * From the opening of a phase to its last commit. The first run finds the worker cold, with its
 * models not loaded; the second does the same work again.
 */
const POLL_MS = 70;
const TRUTH_MS = 10;
const PHASES = ["training", "face_detection"] as const;

type Phase = typeof PHASES[number];
interface Commit {
  counts: number;
  /** When it was first seen, in ms. */
  at: number;
}
interface Poll {
  at: number;
  shown: Record<Phase, number>;
}

await withServer({ worker: true }, async (served, dir) => {
  const library = join(dir, "library");
  await makeSampleLibrary(library);
  const rows = [];
  for (const run of ["cold", "warm"]) {
    await served.database.sql`truncate files, photos, clusters cascade`;
    const { commits, polls } = await watch(served, library);
    for (const phase of PHASES) {
      rows.push({ run: `${run}, ${phase}`, ...judge(commits[phase], { polls, phase }) });
    }
  }
  print("staleness: what a poll returns, ms", rows);
});

async function watch({ url, database: { sql }, create, post }: Served, library: string) {
  const id = await create(library, { skipFaceDetection: false });
  const commits: Record<Phase, Commit[]> = { training: [], face_detection: [] };
  const polls: Poll[] = [];
  let running = true;
  const truth = (async () => {
    while (running) {
      const rows = await sql<{ name: Phase; counts: number }[]>`
        select name, done + skipped + failed as counts from phases
        where session_id = ${id} and name in ${sql(PHASES)} and status <> 'pending'`;
      const at = performance.now();
      for (const { name, counts } of rows) {
        if (counts !== commits[name].at(-1)?.counts) commits[name].push({ counts, at });
      }
      await sleep(TRUTH_MS);
    }
  })();
  await post(`/api/v1/training/sessions/${id}/start`);
  while (running) {
    const response = await fetch(`${url}/api/v1/training/sessions/${id}/progress-unified`);
    const { phases, overallStatus }: UnifiedProgress = await response.json();
    const { training, faceDetection } = phases;
    polls.push({
      at: performance.now(),
      shown: {
        training: training.progress.current,
        face_detection: faceDetection.progress.current,
      },
    });
    running = ["running", "discovering"].includes(overallStatus);
    await sleep(POLL_MS);
  }
  await truth;
  return { commits, polls };
}

function judge(commits: Commit[], { polls, phase }: { polls: Poll[]; phase: Phase }) {
  const gaps = commits.slice(1).map((commit, index) => commit.at - commits[index].at);
  const ages: number[] = [], outdated: number[] = [];
  for (const { at, shown } of polls) {
    if (at < commits[0].at || at > commits.at(-1)!.at) continue;
    // An answer may hold a commit before the other loop has seen it: that is age 0.
    const index = commits.findLastIndex((commit) => commit.counts <= shown[phase]);
    ages.push(Math.max(0, at - commits[index].at));
    outdated.push(Math.max(0, at - (commits[index + 1]?.at ?? at)));
  }
  return {
    polls: ages.length,
    commits: commits.length - 1,
    "first after": gaps[0],
    "median gap": median(gaps),
    "longest gap": Math.max(...gaps),
    "age p95": quantile(ages, 0.95),
    "outdated p95": quantile(outdated, 0.95),
  };
}
