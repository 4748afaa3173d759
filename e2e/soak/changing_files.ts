import { join } from "node:path";
import sharp from "sharp";
import { between, pick, type Random } from "../../models/sample/random.ts";
import { filesBelow, libraryState } from "../library_state.ts";
import { copyTree } from "./library.ts";
import { drawMoments, inWords, reach } from "./moments.ts";
import { runQuietly } from "./reference.ts";
import type { Site } from "./site.ts";
import { unlike } from "./used_library.ts";
import type { World } from "./world.ts";

export const name = "changing_files";

type Fate = "moved" | "changed" | "deleted" | "unreadable";
const FATES: Fate[] = ["moved", "changed", "deleted", "unreadable"];

/** What an item may say of a file with such a fate, if it was not read before. */
const REASONS: Record<Fate, string[]> = {
  moved: ["vanished"],
  deleted: ["vanished"],
  unreadable: ["not_a_file", "forbidden", "vanished"],
  // Read while it was being written.
  changed: ["corrupt", "truncated", "empty"],
};

/**
 * Files are moved, changed, deleted and made unreadable while a session runs over them: it
 * completes, and only their items may fail, with the true reason. A second session, left alone,
 * brings the library to what a fresh one says of the folder.
 */
export async function run(world: World): Promise<void> {
  const folder = join(world.dir, "photos");
  await copyTree(join(world.library.path, "sample"), folder);
  const paths = shuffled(world.random, (await Array.fromAsync(filesBelow(folder))).sort());
  // Grouping is not compared, and the many known files lie elsewhere.
  const library = { ...world.library, seed: () => Promise.resolve() };
  const site = await world.site({ folder, library });
  const bursts = drawMoments(world, (phase) => phase !== "training" ? 0 : world.short ? 3 : 6);
  await site.startSession();
  const fates = new Map<string, Fate>();
  let met = 0;
  for (const burst of bursts) {
    if (!await reach(site, burst, { files: paths.length })) {
      world.did(`missed ${inWords(burst)}`);
      continue;
    }
    world.met("training");
    met++;
    for (let count = 0; count < 10; count++) {
      const path = paths.pop()!;
      const fate = pick(world.random, FATES);
      await suffer(world.random, { path, fate });
      fates.set(path, fate);
    }
  }
  if (met <= bursts.length / 2) world.wrong(`only ${met} of ${bursts.length} moments were met`);
  world.did(
    FATES.map((fate) => `${[...fates.values()].filter((each) => each === fate).length} ${fate}`)
      .join(", "),
  );
  await site.ended();
  for (const wrong of await accounted(site, fates)) world.wrong(wrong);

  await site.startSession();
  await site.ended();
  const expected = await runQuietly(library, folder);
  const actual = await libraryState(site.database.sql, site.dataDir);
  for (const wrong of unlike(expected, actual)) world.wrong(wrong);
}

async function suffer(
  random: Random,
  { path, fate }: { path: string; fate: Fate },
): Promise<void> {
  switch (fate) {
    case "moved":
      return await Deno.rename(path, `${path}.moved${path.slice(path.lastIndexOf("."))}`);
    case "deleted":
      return await Deno.remove(path);
    case "unreadable":
      // Root may read everything; a folder in its place nobody can.
      if (Deno.uid() !== 0) return await Deno.chmod(path, 0);
      await Deno.remove(path);
      return await Deno.mkdir(path);
    case "changed": {
      const [r, g, b] = [0, 1, 2].map(() => Math.floor(between(random, [0, 256])));
      const noise = { type: "gaussian" as const, mean: 128, sigma: between(random, [10, 60]) };
      const size = { width: 640, height: 480, channels: 3 as const };
      const picture = sharp({ create: { ...size, background: { r, g, b }, noise } });
      return await Deno.writeFile(path, await picture.jpeg().toBuffer());
    }
  }
}

/** What the first session says of its items that is not true. */
async function accounted(site: Site, fates: Map<string, Fate>): Promise<string[]> {
  const { sql } = site.database;
  const wrong: string[] = [];
  const [{ status }] = await sql`select status from sessions where id = ${site.session}`;
  if (status !== "completed") wrong.push(`the session ended as ${status}`);
  const failed = await sql`
    select f.path, j.reason, j.message from jobs j join files f on f.id = j.subject
    where j.session_id = ${site.session} and j.phase = 'training' and j.state = 'failed'
      and f.path not like '%/broken/%'`;
  for (const { path, reason, message } of failed) {
    const fate = fates.get(path);
    if (!fate || !REASONS[fate].includes(reason)) {
      wrong.push(`${path} was ${fate ?? "left alone"} and failed as ${reason}: ${message}`);
    }
  }
  const loose = await sql`
    select phase, state, reason from jobs where session_id = ${site.session}
      and (state not in ('done', 'skipped', 'failed') or state <> 'done' and reason is null)`;
  for (const row of loose) {
    wrong.push(`an item of ${row.phase} ended as ${row.state} for no reason`);
  }
  return wrong;
}

function shuffled<T>(random: Random, things: T[]): T[] {
  return things.map((thing) => ({ thing, place: random() })).sort((a, b) => a.place - b.place)
    .map(({ thing }) => thing);
}
