import type { ClusterOptions } from "./cluster.ts";

/**
 * Options for faces. Three pictures make a person. Near copies count as one from cosine .9: with 15
 * % of faces in bursts, plain HDBSCAN falls from a pairwise F of .99 to .11, and stays at .99 with
 * this. The floor keeps strangers apart where nothing denser exists and lets a library of one
 * person be one cluster; .4 suits ArcFace embeddings (different people: .04 ± .08, one person: .60
 * ± .09): of 400 strangers alone it clustered 1 to 7 %, a floor of .3 19 to 28 %, and of people
 * alone both kept at least 99.5 % of the faces. A model pack with another scale of cosines brings
 * its own.
 */
export const FACE_DEFAULTS = {
  minClusterSize: 3,
  minSamples: 3,
  collapse: .9,
  similarityFloor: .4,
  allowSingleCluster: true,
} as const satisfies ClusterOptions;

/** Faces below this quality (0…1) do not make people; they stay without a cluster. */
export const LEAST_QUALITY = 0.3;
