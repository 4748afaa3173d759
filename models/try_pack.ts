import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { openEngine } from "./engine.ts";
import { type InstalledPack, packsDir } from "./installed.ts";
import { BUILTIN, type FacePair, openPacks } from "./pack.ts";
import { embedPixels, openSession } from "./session.ts";

/**
 * Loads every graph of an installed pack on the CPU and shows it a grey picture or a sentence, before
 * anybody relies on it. Throws an Error with what is wrong if one cannot be used as its manifest says.
 */
export async function tryPack(
  dataDir: string,
  { name, manifest: { roles } }: InstalledPack,
): Promise<void> {
  const { visual: clip, detector: faces } = roles;
  const options = {
    modelsDir: null,
    packsDir: packsDir(dataDir),
    builtinDir: fileURLToPath(new URL("./builtin", import.meta.url)),
    clip: clip ? name : BUILTIN,
    faces: faces ? name : BUILTIN,
  };
  const engine = await openEngine({ ...options, device: "cpu" });
  try {
    if (clip) {
      await engine.embedImages([grey(engine.clipSize)]);
      await engine.embedText("a photo of the sea");
    }
    if (faces) {
      const create = { width: 320, height: 240, channels: 3, background: "#808080" } as const;
      const preview = await sharp({ create }).jpeg().toBuffer();
      const [found] = await engine.findFaces([preview], { minScore: 0.5, minSize: 20 });
      if (found instanceof Error) throw found;
      await tryRecogniser((await openPacks(options)).faces);
    }
  } catch (error) {
    throw new Error(
      `The models of "${name}" cannot be used (${(error as Error).message}); check them with ` +
        `"deno task models verify ${name}"`,
      { cause: error },
    );
  } finally {
    await engine.close();
  }
}

// A grey picture has no face, so finding faces in it never comes to the recogniser.
async function tryRecogniser({ recogniser }: FacePair): Promise<void> {
  const session = await openSession(recogniser.path, { threads: navigator.hardwareConcurrency });
  try {
    await embedPixels(session, recogniser, [grey(recogniser.size)]);
  } finally {
    await session.release();
  }
}

const grey = (size: number) => new Uint8Array(size ** 2 * 3).fill(128);
