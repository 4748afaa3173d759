import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFile, readCache, writeCache } from "../cache_file.ts";
import { bytesOfVector, vectorOfBytes } from "../vectors.ts";
import { BACKGROUND } from "./background_texts.ts";
import type { TextEncoder } from "./stages.ts";

type Model = TextEncoder["models"]["clip"];

const fileOf = (dataDir: string, { key }: Model) =>
  cacheFile(join(dataDir, "background"), `${key}.vectors`);

/**
 * The vectors of the background texts as they were kept, one after the other behind a checksum that
 * covers the texts too; null if they are not there, are damaged, or are of other texts.
 */
export async function readBackground(
  dataDir: string,
  model: Model,
): Promise<Float32Array[] | null> {
  const bytes = await readCache(fileOf(dataDir, model));
  const vectorBytes = 4 * model.dimension;
  if (bytes?.length !== SEAL_BYTES + BACKGROUND.length * vectorBytes) return null;
  const vectors = bytes.subarray(SEAL_BYTES);
  if (!seal(vectors).equals(bytes.subarray(0, SEAL_BYTES))) return null;
  return BACKGROUND.map((_, at) =>
    vectorOfBytes(vectors.subarray(at * vectorBytes, (at + 1) * vectorBytes))
  );
}

/** Keeps them for the next start: a large model takes many seconds to embed them. */
export async function writeBackground(
  dataDir: string,
  model: Model,
  vectors: Float32Array[],
): Promise<void> {
  const bytes = Buffer.concat(vectors.map(bytesOfVector));
  await writeCache(fileOf(dataDir, model), Buffer.concat([seal(bytes), bytes]));
}

const SEAL_BYTES = 32;

const seal = (bytes: Uint8Array) =>
  createHash("sha256").update(JSON.stringify(BACKGROUND)).update(bytes).digest();
