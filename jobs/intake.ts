import { type Balance, findBalance } from "./balance.ts";
import { createGate, type Gate } from "./gate.ts";

/**
 * Originals in memory, in bytes, however many files are claimed: two lanes could hold a hundred of
 * 50 MB. A larger file goes in alone.
 */
const MOST_ORIGINAL_BYTES = 128 * 2 ** 20;

/**
 * The stages before inference that all batches of a worker share, in the order of their claims:
 * reading, bounded by bytes, and within it unpacking, bounded by pictures. What has passed both
 * is small: 0.2 MB for CLIP, and a preview in its file.
 */
export interface Intake {
  /** Weighed in bytes of the original, from before it is read until it is unpacked. */
  originals: Gate;
  /** Weighed in pictures; each takes one core (sharp.concurrency is 1). */
  decoding: Gate;
  /** How many pictures may be unpacked at a time. */
  balance: Balance;
}

export function createIntake(cores: number): Intake {
  const balance = findBalance(cores);
  return {
    originals: createGate(MOST_ORIGINAL_BYTES),
    decoding: createGate(balance.decoders),
    balance,
  };
}
