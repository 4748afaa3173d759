import { createHash, type Hash } from "node:crypto";
import type { ModelIdentity } from "./types.ts";

/**
 * The identity vectors are stored under: of pictures the visual graph decides, of faces detector and
 * recogniser together, since the landmarks of one are what the other sees.
 */
export async function identify(
  pack: { name: string; builtin: boolean },
  options: { graphs: { sha256: string }[]; dimension: number },
): Promise<ModelIdentity> {
  const hashes = options.graphs.map((graph) => graph.sha256);
  const hash = hashes.length === 1
    ? hashes[0]
    : await sha256(new TextEncoder().encode(hashes.join("")));
  return {
    key: `${pack.name}@${hash.slice(0, 12)}`,
    pack: pack.name,
    dimension: options.dimension,
    builtin: pack.builtin,
  };
}

/** SHA-256 as 64 lower-case hex digits, computed off this thread. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The same of a file, read in pieces: graphs may be larger than memory. Throws if it cannot be read. */
export async function hashFile(
  path: string,
  options: { hash?: Hash; signal?: AbortSignal; onBytes?: (count: number) => void } = {},
): Promise<string> {
  const hash = options.hash ?? createHash("sha256");
  const file = await Deno.open(path);
  try {
    const piece = new Uint8Array(1 << 20);
    for (let read = await file.read(piece); read !== null; read = await file.read(piece)) {
      options.signal?.throwIfAborted();
      hash.update(piece.subarray(0, read));
      options.onBytes?.(read);
    }
  } finally {
    file.close();
  }
  return hash.copy().digest("hex");
}
