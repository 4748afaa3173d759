import type { Thresholds } from "./thresholds.ts";

/**
 * Cosine below which a grouping joins nothing, unless a run says otherwise: midway between what is
 * likely and what is certain. Since faces of one photo exclude each other, clusters of different
 * people hardly ever meet, and whatever is denser than the floor sticks to one of them: of 10,000
 * made faces, strangers got into 54 of 356 clusters at `likely` (.36), into 11 at .43, for which 26
 * of 8,000 more faces stayed without a cluster. Of real people with three pictures or more, the
 * weakest link was .70.
 */
export const groupingFloor = ({ certain, likely }: Thresholds): number => (certain + likely) / 2;
