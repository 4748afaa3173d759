import type { CopyPhoto } from "../db/copy_groups.ts";
import type { Difference } from "../db/likeness.ts";
import { bytes, cameraTime, fileName } from "./format.ts";

/** How copies of a picture differ, in words. */

type Seen = Pick<
  CopyPhoto,
  "width" | "height" | "format" | "byteSize" | "takenAt" | "camera" | "likeness" | "differs"
>;

const size = ({ width, height }: Pick<Seen, "width" | "height">) => `${width} × ${height}`;

/** "4032 × 3024 JPEG, 3.1 MB". */
export const lookWords = (photo: Pick<Seen, "width" | "height" | "format" | "byteSize">): string =>
  `${size(photo)} ${photo.format.toUpperCase()}, ${bytes(photo.byteSize)}`;

export const LIKENESS_WORDS = {
  exact: "same bytes",
  reencode: "re-encoded",
  near: "another picture",
} as const;

/** What is not as in the first photo of its group: "smaller: 1600 × 1200"; nothing for that itself. */
export function differenceWords(first: Seen, other: Seen): string[] {
  if (other.likeness === "exact") return [];
  const told = other.differs.map((what) => WORDS[what](first, other));
  return told.length > 0 ? told : ["as many bytes, but not the same"];
}

const WORDS: Record<Difference, (first: Seen, other: Seen) => string> = {
  pixels: (first, other) => `${compared(first, other)}: ${size(other)}`,
  format: (first, other) =>
    `${other.format.toUpperCase()} instead of ${first.format.toUpperCase()}`,
  bytes: (first, other) =>
    `${other.byteSize < first.byteSize ? "fewer" : "more"} bytes: ${amount(first, other)}`,
  takenAt: (first, other) => takenWords(first.takenAt, other.takenAt),
  camera: (first, other) =>
    other.camera === null
      ? "without a camera"
      : `${first.camera === null ? "with a camera:" : "taken with"} ${other.camera}`,
};

/** In full where rounding would hide the difference. */
function amount({ byteSize: first }: Seen, { byteSize: other }: Seen): string {
  const rounded = bytes(other);
  if (rounded !== bytes(first)) return rounded;
  return `${rounded}, ${bytes(Math.abs(other - first))} of difference`;
}

/** Seconds apart where both were taken in the same minute, which is all that a time shows. */
function takenWords(first: string | null, other: string | null): string {
  if (other === null) return "without a date";
  if (first === null) return `with a date: ${cameraTime(other)}`;
  if (cameraTime(other) !== cameraTime(first)) return `taken ${cameraTime(other)}`;
  const seconds = (Date.parse(`${other}Z`) - Date.parse(`${first}Z`)) / 1000;
  return `taken ${Math.abs(seconds)} s ${seconds < 0 ? "earlier" : "later"}`;
}

function compared(first: Seen, other: Seen): string {
  if (other.width <= first.width && other.height <= first.height) return "smaller";
  if (other.width >= first.width && other.height >= first.height) return "larger";
  return "another shape";
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);

/** How a file of the same bytes is another: "same bytes, in another folder". */
export function placeWords(first: string, other: string): string {
  const renamed = fileName(first) !== fileName(other) && "under another name";
  const moved = folderOf(first) !== folderOf(other) && "in another folder";
  return ["same bytes", [moved, renamed].filter(Boolean).join(" and ")].filter(Boolean).join(", ");
}
