import { join } from "node:path";
import { testDirectory } from "../../db/testing.ts";
import { makeRandom, type Random } from "../../models/sample/random.ts";
import { differences, filesBelow, type LibraryState, libraryState } from "../library_state.ts";
import type { PhaseName } from "../../db/schema.ts";
import { describe } from "./invariants.ts";
import { type Library, soakLibrary } from "./library.ts";
import { counts, type PhaseCounts } from "./moments.ts";
import { originals } from "./originals.ts";
import { undisturbed } from "./reference.ts";
import { openSite, type Site, type SiteOptions } from "./site.ts";

/** One way of disturbing the program. `run` throws, or tells the world, what went wrong. */
export interface Scenario {
  name: string;
  run(world: World): Promise<void>;
}

/** Raised by a scenario that this machine does not allow; said loudly, but no fault of the program. */
export class CannotRun extends Error {
  override name = "CannotRun";
}

/** What a scenario has to play with; every choice it makes comes from `random`. */
export interface World {
  random: Random;
  /** The version for the normal suite: a few of each, on a smaller library. */
  short: boolean;
  library: Library;
  /** A scratch folder, reachable by the database's user. */
  dir: string;
  /** For the scenario's line: what was done. */
  did(what: string): void;
  wrong(what: string): void;
  /** Counts a moment of a phase at which the run was really disturbed. */
  met(phase: PhaseName): void;
  /** Starts a server on a fresh database; whatever happens, it is stopped when the scenario ends. */
  site(options?: Partial<SiteOptions>): Promise<Site>;
  /** Ends the sites there are, tells what was wrong with them, and takes their data away. */
  close(): Promise<void>;
}

export interface Outcome {
  name: string;
  seed: number;
  seconds: number;
  did: string[];
  /** Moments at which runs were really disturbed. */
  met: PhaseCounts;
  failures: string[];
  /** Why it was not run at all; null if it was. */
  notRun: string | null;
  /** Where the output of the programs was kept, if something failed. */
  evidence: string | null;
}

/** Runs one scenario with one seed, and everything that is checked after each of them. */
export async function play(
  scenario: Scenario,
  options: { seed: number; short: boolean },
): Promise<Outcome> {
  const { seed, short } = options;
  const started = performance.now();
  const dir = await testDirectory();
  const did: string[] = [];
  const failures: string[] = [];
  const met = counts(0);
  const sites: Site[] = [];
  const ended = new Set<Site>();
  const library = await soakLibrary(short);
  const world: World = {
    random: makeRandom(seed),
    short,
    library,
    dir,
    did: (what) => did.push(`${((performance.now() - started) / 1000).toFixed(0)} s ${what}`),
    wrong: (what) => failures.push(what),
    met: (phase) => met[phase]++,
    async site(given = {}) {
      const site = await openSite({
        dataDir: join(dir, `data-${sites.length}`),
        library,
        ...given,
      });
      sites.push(site);
      return site;
    },
    async close() {
      for (const site of sites.filter((site) => !ended.has(site))) {
        ended.add(site);
        failures.push(...await site.stop().catch((error) => [describe(error)]));
        // A scenario may have taken it away itself, together with the disk it lay on.
        await Deno.remove(site.dataDir, { recursive: true }).catch((error) => {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        });
      }
    },
  };
  let notRun: string | null = null;
  try {
    await scenario.run(world);
  } catch (error) {
    if (error instanceof CannotRun) notRun = error.message;
    else failures.push(describe(error));
  }
  await world.close();
  const now = await originals(library.path);
  if (now.join("\n") !== library.originals.join("\n")) failures.push("originals were changed");
  const evidence = failures.length > 0 ? await keep(sites, `${scenario.name}-${seed}`) : null;
  await Deno.remove(dir, { recursive: true }).catch((error) => failures.push(describe(error)));
  const seconds = (performance.now() - started) / 1000;
  return { name: scenario.name, seed, seconds, did, met, failures, notRun, evidence };
}

/**
 * Waits for the session's end and tells what differs, `by` whatever must be equal, from an
 * undisturbed run over the same folder.
 */
export async function compare(
  world: World,
  site: Site,
  { by = differences }: { by?: (expected: LibraryState, actual: LibraryState) => string[] } = {},
): Promise<void> {
  await site.ended();
  world.did("the run ended");
  const pieces = await unfinished(site.dataDir);
  if (pieces > 0) world.did(`${pieces} unfinished pictures lie in the data directory`);
  const expected = await undisturbed(world.library);
  const actual = await libraryState(site.database.sql, site.dataDir);
  for (const difference of by(expected, actual)) world.wrong(difference);
}

/** How many pieces of pictures killed processes left behind; they are in nobody's way. */
async function unfinished(dataDir: string): Promise<number> {
  let pieces = 0;
  for (const folder of ["previews", "thumbnails"]) {
    for await (const path of filesBelow(join(dataDir, folder))) {
      if (!/\.(jpg|webp)$/.test(path)) pieces++;
    }
  }
  return pieces;
}

async function keep(sites: Site[], name: string): Promise<string> {
  const path = join(await Deno.makeTempDir({ prefix: "safelight-soak-" }), `${name}.log`);
  await Deno.writeTextFile(path, sites.map((site) => site.output()).join("\n"));
  return path;
}
