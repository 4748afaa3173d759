import { rest } from "./rest.ts";

/** How often a batch that takes long is asked for, and how much longer it may take then. */
const LOOK_MS = 500;
const GRACE_MS = 1000;

/**
 * What `made` resolves with, or null once it has not been wanted for a second: a picture that is being
 * unpacked cannot be stopped, and one of 50 megapixels takes WebAssembly four seconds. It is left
 * behind then, for nobody: its item is given back, and pictures are stored under their content's name.
 * Rejects as `made` and `wanted` do.
 */
export async function unlessUnwanted<T>(
  made: Promise<T | null>,
  wanted: () => Promise<boolean>,
): Promise<T | null> {
  const over = new AbortController();
  try {
    return await Promise.race([made, left(wanted, over.signal)]);
  } finally {
    over.abort();
    // Of one that was left behind, nobody wants to know how it ended.
    made.catch(() => {});
  }
}

async function left(wanted: () => Promise<boolean>, over: AbortSignal): Promise<null> {
  do await rest(LOOK_MS, over); while (!over.aborted && await wanted());
  await rest(GRACE_MS, over);
  return null;
}
