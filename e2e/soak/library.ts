import { dirname, join } from "node:path";
import sharp from "sharp";
import type { Db } from "../../db/client.ts";
import { testDirectory } from "../../db/testing.ts";
import { openEngine } from "../../models/engine.ts";
import { makeRandom } from "../../models/sample/random.ts";
import type { ModelSet } from "../../models/types.ts";
import { filesBelow } from "../library_state.ts";
import { sampleLibrary } from "../sample.ts";
import { emptyFiles, knowFiles, strangers } from "../seed.ts";
import { originals } from "./originals.ts";

/** A folder of pictures, and what a database knows of it before a run begins. */
export interface Library {
  path: string;
  /** How many files a walk finds. */
  files: number;
  originals: string[];
  /** Files that are known and faces of strangers, so that walk and grouping last a while. */
  seed(db: Db): Promise<void>;
  remove(): Promise<void>;
}

const SCALE = {
  short: { known: 4_000, strangers: 6_000 },
  long: { known: 60_000, strangers: 20_000 },
};

/** What the short version takes of the sample: broken files, near-copies, people; a quarter of the work. */
const SOME = ["broken", "imported/phone", "phone", "family/together"];

const made = new Map<boolean, Promise<Library>>();

/** The library of the short or the long version, made once per process. */
export function soakLibrary(short: boolean): Promise<Library> {
  if (!made.has(short)) made.set(short, makeLibrary(short));
  return made.get(short)!;
}

/** Takes the libraries of this process away. */
export async function removeLibraries(): Promise<void> {
  for (const library of made.values()) await (await library).remove();
  made.clear();
}

async function makeLibrary(short: boolean): Promise<Library> {
  const scale = SCALE[short ? "short" : "long"];
  const path = await testDirectory();
  const sample = await sampleLibrary();
  for (const folder of short ? SOME : ["."]) {
    await copyTree(join(sample.path, folder), join(path, "sample", folder));
  }
  if (!short) await mirror(join(path, "sample"), join(path, "mirrored"));
  await sample.remove();
  const known = await emptyFiles(join(path, "known"), scale.known);
  const models = await builtinModels();
  const before = await originals(path);
  return {
    path,
    files: before.length,
    originals: before,
    async seed(db) {
      await knowFiles(db, { paths: known, models });
      await strangers(db, {
        count: scale.strangers,
        dimension: models.faces.dimension,
        model: models.faces.key,
        random: makeRandom(1),
      });
    },
    remove: () => Deno.remove(path, { recursive: true }),
  };
}

/** Copies a folder with the times of its files. */
export async function copyTree(from: string, to: string): Promise<void> {
  for await (const path of filesBelow(from)) {
    const copy = join(to, path.slice(from.length + 1));
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.copyFile(path, copy);
    const { atime, mtime } = await Deno.stat(path);
    await Deno.utime(copy, atime!, mtime!);
  }
}

/** Other pictures, with faces in them too: everything readable, left and right exchanged. */
async function mirror(from: string, to: string): Promise<void> {
  for await (const path of filesBelow(from)) {
    const copy = join(to, `${path.slice(from.length + 1)}.png`);
    // What cannot be read is in the library once already.
    const picture = await sharp(path).autoOrient().flop().png().toBuffer().catch(() => null);
    if (!picture) continue;
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.writeFile(copy, picture);
    const { atime, mtime } = await Deno.stat(path);
    await Deno.utime(copy, atime!, mtime!);
  }
}

async function builtinModels(): Promise<ModelSet> {
  const engine = await openEngine({ modelsDir: null, roles: ["text"] });
  await engine.close();
  return engine.models;
}
