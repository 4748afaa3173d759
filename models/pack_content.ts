import { join } from "node:path";
import type { Manifest, PackFile } from "./manifest.ts";
import { PullError } from "./pull_error.ts";
import { readSignature } from "./signature.ts";
import { openTokenizer } from "./tokenizer.ts";

/**
 * Looks into files that no hash vouches for: a graph must be one and have the input its manifest
 * names, a vocabulary must be read. Servers answer with pages as well. Throws a PullError.
 */
export async function checkContent(
  dir: string,
  { manifest: { roles, tokenizer }, files }: { manifest: Manifest; files: PackFile[] },
): Promise<void> {
  for (const { file } of files) {
    const fault = (reason: string) =>
      new PullError("content", `What was fetched as ${file} is not used: ${reason}`);
    const bytes = await Deno.readFile(join(dir, file));
    try {
      if (file === tokenizer?.vocabulary) openTokenizer(tokenizer.kind, bytes);
      for (const role of Object.values(roles)) {
        if (role?.file !== file) continue;
        const inputs = readSignature(bytes).inputs.map(({ name }) => name);
        if (!inputs.includes(role.input)) {
          throw fault(`its inputs are ${inputs.join(", ")}, the manifest names "${role.input}"`);
        }
      }
    } catch (error) {
      // Else it would be continued, or found complete, the next time.
      await Deno.remove(join(dir, file));
      throw error instanceof PullError ? error : fault((error as Error).message);
    }
  }
}
