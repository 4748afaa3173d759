import { z } from "zod";
import type { Candidate } from "./candidates.ts";
import type { Measured } from "./probe.ts";

/** What came of trying a device in a process of its own. */
export type Outcome = Measured | { failure: string };

const failure = z.object({ failure: z.string() });
const measured: z.ZodType<Measured> = z.object({
  cosine: z.number(),
  overlap: z.number(),
  faces: z.number(),
  seconds: z.number(),
  cpuSeconds: z.number(),
});

/** An outcome, as it comes from another process or an earlier one. */
export const outcomeShape: z.ZodType<Outcome> = z.union([failure, measured]);

/** Vectors of one picture that differ by more are not of one model (cosine). */
const SAME_VECTOR = 0.999;
/** Boxes of one face that overlap less are not of one detector. */
const SAME_BOX = 0.95;

/** A device judged: `usable` if its results are right, `better` if it is also worth using. */
export interface Verdict {
  usable: boolean;
  better: boolean;
  /** For a person. */
  reason: string;
}

/** Judges a candidate by what came of trying it; null: it has not been tried. */
export function judge(candidate: Candidate, outcome: Outcome | null): Verdict {
  const refused = (reason: string) => ({ usable: false, better: false, reason });
  if (candidate.missing !== null) return refused(candidate.missing);
  if (outcome === null) return refused(`${named(candidate)} was not tried`);
  if ("failure" in outcome) return refused(`${named(candidate)}: ${outcome.failure}`);
  // What is not a number is not the same either.
  if (!(outcome.cosine >= SAME_VECTOR)) {
    return refused(
      `wrong results: cosine ${outcome.cosine.toFixed(4)} to the CPU's vectors, ` +
        `expected ${SAME_VECTOR}`,
    );
  }
  if (outcome.faces === 0) {
    return refused("the detector finds nothing in the test picture that could be compared");
  }
  if (!(outcome.overlap >= SAME_BOX)) {
    return refused(
      `wrong results: faces overlap by ${outcome.overlap.toFixed(2)} with the CPU's, ` +
        `expected ${SAME_BOX}`,
    );
  }
  const ratio = outcome.cpuSeconds / outcome.seconds;
  const speed = `${ratio.toFixed(ratio < 10 ? 2 : 0)} × the CPU's speed`;
  const reason = `${candidate.software ? software(candidate) : named(candidate)}, ${speed}`;
  return { usable: true, better: ratio > 1 && !candidate.software, reason };
}

/** Why a GPU that is a program is not worth trying. */
export const software = (candidate: Candidate): string =>
  `${named(candidate)} is a program that runs on the CPU`;

const named = ({ adapter, device }: Candidate): string => adapter ?? device;
