import { createHash } from "node:crypto";
import { filesBelow } from "../library_state.ts";

/** Every file below a folder with its modification time and the hash of its bytes, one line each. */
export async function originals(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const path of filesBelow(folder)) {
    const { mtime } = await Deno.stat(path);
    const digest = createHash("sha256").update(await Deno.readFile(path)).digest("hex");
    lines.push(`${path} · ${mtime?.getTime()} · ${digest}`);
  }
  return lines.sort();
}
