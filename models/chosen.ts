import { join } from "node:path";
import { z } from "zod";
import { packsDir } from "./installed.ts";
import { writeText } from "./write_text.ts";

/** Names of packs; null: the built-in one. */
export interface Chosen {
  clip: string | null;
  faces: string | null;
}

const chosen = z.strictObject({
  clip: z.string().min(1).nullable().default(null),
  faces: z.string().min(1).nullable().default(null),
});

const chosenPath = (packsDir: string): string => join(packsDir, "chosen.json");

/** Which packs somebody chose to work with. Throws an Error if the file is not what was written. */
export function readChosen(dataDir: string): Promise<Chosen> {
  return readChosenIn(packsDir(dataDir));
}

/** The same by the folder of packs. */
export async function readChosenIn(packsDir: string): Promise<Chosen> {
  const path = chosenPath(packsDir);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { clip: null, faces: null };
    throw error;
  }
  const fault = (reason: string) =>
    new Error(
      `Cannot read which models were chosen from "${path}" (${reason}); remove it for the built-in ` +
        `ones, and choose again with "deno task models use NAME"`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fault((error as Error).message);
  }
  const parsed = chosen.safeParse(json);
  if (parsed.success) return parsed.data;
  throw fault(
    parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
  );
}

/** Writes the choice at once or not at all; whoever reads meanwhile sees the old one whole. */
export async function writeChosen(dataDir: string, choice: Chosen): Promise<void> {
  const dir = packsDir(dataDir);
  await Deno.mkdir(dir, { recursive: true });
  await writeText(chosenPath(dir), `${JSON.stringify(chosen.parse(choice))}\n`);
}
