/** How files and photos that look alike differ: pure, and the only place that decides it. */

/** What of a photo is compared with another that looks the same. */
export interface Look {
  id: number;
  byteSize: number;
  width: number;
  height: number;
  format: string;
  /** Local time without zone, `YYYY-MM-DDTHH:MM:SS`. */
  takenAt: string | null;
  takenOffsetMinutes: number | null;
  camera: string | null;
}

/**
 * `exact`: the same bytes. `reencode`: the same look in other bytes. `near`: the same look, but taken
 * at another moment or with another camera, so another picture.
 */
export const LIKENESSES = ["exact", "reencode", "near"] as const;
export type Likeness = typeof LIKENESSES[number];

/** What is not the same, in the order in which it is told. */
export const DIFFERENCES = ["pixels", "format", "bytes", "takenAt", "camera"] as const;
export type Difference = typeof DIFFERENCES[number];

/**
 * What two photos of the same look are to each other. Only what both know tells two pictures apart:
 * an export without its date or camera is a re-encode of what it was made from.
 */
export function likeness(one: Look, other: Look): Likeness {
  if (one.id === other.id) return "exact";
  const cameras = one.camera !== null && other.camera !== null && one.camera !== other.camera;
  return cameras || atOtherTimes(one, other) ? "near" : "reencode";
}

/** True where both times are known and are not the same moment, whatever zone each is written in. */
function atOtherTimes(one: Look, other: Look): boolean {
  if (one.takenAt === null || other.takenAt === null || one.takenAt === other.takenAt) return false;
  const [first, second] = [moment(one), moment(other)];
  return first === null || second === null || first !== second;
}

/** Milliseconds of UTC; null where the zone is not known, or the time is none. */
function moment({ takenAt, takenOffsetMinutes }: Look): number | null {
  if (takenOffsetMinutes === null) return null;
  const local = Date.parse(`${takenAt}Z`);
  return Number.isNaN(local) ? null : local - takenOffsetMinutes * 60_000;
}

/** What is not the same in two photos; what only one of them knows counts too. */
export function differences(one: Look, other: Look): Difference[] {
  const same: Record<Difference, boolean> = {
    pixels: one.width === other.width && one.height === other.height,
    format: one.format === other.format,
    bytes: one.byteSize === other.byteSize,
    takenAt: one.takenAt === other.takenAt ||
      (one.takenAt !== null && other.takenAt !== null && !atOtherTimes(one, other)),
    camera: one.camera === other.camera,
  };
  return DIFFERENCES.filter((what) => !same[what]);
}

/** Sizes on disk of the files of one photo that are there, and what it is to the first of its group. */
export interface Share {
  likeness: Likeness;
  sizes: number[];
}

/**
 * Bytes on disk beyond one file of each picture: of files with the same look all but the largest
 * count. A near one is a picture of its own, of which only further copies count.
 */
export function spareBytes(shares: Share[]): number {
  const same = shares.filter((share) => share.likeness !== "near").flatMap(({ sizes }) => sizes);
  const others = shares.filter((share) => share.likeness === "near").map(({ sizes }) => sizes);
  return [same, ...others].reduce((sum, sizes) => sum + allButLargest(sizes), 0);
}

const allButLargest = (sizes: number[]): number =>
  sizes.reduce((sum, size) => sum + size, 0) -
  sizes.reduce((most, size) => Math.max(most, size), 0);
