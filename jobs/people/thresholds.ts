/** Cosines, −1 to 1: from `certain` on a face is a person's, from `likely` on it is asked about; see decideFaces. */
export interface Thresholds {
  certain: number;
  likely: number;
}

/** What is known of faces that look like a person and are somebody else's. */
export interface Lookalikes {
  /** Highest cosine between the person's prototypes and confirmed faces of others; −1 for none. */
  others: number;
  /**
   * Of each no the cosine to the nearest prototype: of one that was said of several faces as one,
   * such as a group, the lowest, since the others may be theirs after all.
   */
  rejected: readonly number[];
}

/**
 * How far above the likest face of somebody else a face must be to be a person's without a question.
 * Cosines of one pair of people spread by .06 to .09, and what has been seen of them is few.
 */
const CLEARANCE = 0.05;

/** So many faces above `likely` must have been wrong before fewer are asked about. */
const ENOUGH_NOES = 3;

/**
 * The thresholds of a face model's pack, made stricter for a person whom others resemble: a twin, a
 * child, a sibling, or whoever was mistaken for them. Never below the pack's. `certain` may pass 1:
 * then no face is theirs without a question. `likely` rises to the third of the likest faces that
 * were somebody else's, so that at most two such would be asked about again, and never above
 * `certain`.
 */
export function adaptThresholds(pack: Thresholds, { others, rejected }: Lookalikes): Thresholds {
  const wrong = rejected.filter((cosine) => cosine >= pack.likely).toSorted((a, b) => b - a);
  const likest = Math.max(others, wrong[0] ?? -1);
  const certain = Math.max(pack.certain, likest + CLEARANCE);
  const likely = wrong.length < ENOUGH_NOES
    ? pack.likely
    : Math.max(pack.likely, wrong[ENOUGH_NOES - 1]);
  return { certain, likely: Math.min(likely, certain) };
}
