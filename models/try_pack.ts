import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { openEngine } from "./engine.ts";
import { type InstalledPack, packsDir } from "./installed.ts";
import { BUILTIN } from "./pack.ts";

/**
 * Loads every graph of an installed pack on the CPU and shows it a grey picture or a sentence, before
 * anybody relies on it. Throws an Error with what is wrong if one cannot be used as its manifest says.
 */
export async function tryPack(
  dataDir: string,
  { name, manifest: { roles } }: InstalledPack,
): Promise<void> {
  const { visual: clip, detector: faces } = roles;
  const engine = await openEngine({
    modelsDir: null,
    packsDir: packsDir(dataDir),
    builtinDir: fileURLToPath(new URL("./builtin", import.meta.url)),
    clip: clip ? name : BUILTIN,
    faces: faces ? name : BUILTIN,
    device: "cpu",
  });
  try {
    if (clip) {
      await engine.embedImages([new Uint8Array(engine.clipSize ** 2 * 3).fill(128)]);
      await engine.embedText("a photo of the sea");
    }
    if (faces) {
      const grey = { width: 320, height: 240, channels: 3, background: "#808080" } as const;
      const preview = await sharp({ create: grey }).jpeg().toBuffer();
      const [found] = await engine.findFaces([preview], { minScore: 0.5, minSize: 20 });
      if (found instanceof Error) throw found;
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
