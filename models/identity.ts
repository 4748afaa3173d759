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
