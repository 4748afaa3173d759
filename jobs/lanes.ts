import type { Config } from "../config.ts";
import type { Db } from "../db/client.ts";
import { discover } from "./discovery.ts";
import { clusterFaces } from "./face_clustering.ts";
import type { Lane } from "./lane.ts";
import { PICTURE_LANES, pictureLane } from "./picture_lane.ts";

/** Folders walked at a time: the walk of a small new session must not wait for that of a huge one. */
const WALKS = 4;

/** The loops of one worker process: walks, pictures, grouping. */
export function createLanes(db: Db, config: Config): Lane[] {
  const base = config.stallSeconds;
  // A walk or a grouping moves all the time, in small steps; but one step may be a slow disk's.
  const single = { batchSize: () => 1, patience: () => 2 * base };
  const pictures = pictureLane(db, base);
  return [
    ...Array.from({ length: WALKS }, (): Lane => ({
      phases: ["discovery"],
      ...single,
      work: discover,
    })),
    ...Array.from({ length: PICTURE_LANES }, () => pictures),
    { phases: ["clustering"], ...single, work: clusterFaces },
  ];
}
