/** A file that repeats another of the library. */
export interface Copy {
  path: string;
  of: string;
  change: Change;
}

/** What happened to a copy: nothing, encoded again, or made smaller. */
export type Change = "none" | "quality" | "half" | "smaller" | "webp";

/** Pictures that were copied byte for byte, by their number in the plan. */
export const exactNumbers = [3, 17, 29, 44, 66, 95, 118, 133, 140, 151];

/**
 * Pictures that were saved again, twice each. A difference hash compares neighbouring cells, so
 * these are ones in which no neighbours are so alike that JPEG's noise decides between them: their
 * hash stood six ways of saving them.
 */
export const nearNumbers = [2, 67, 78, 81, 100, 124, 152, 157, 168, 172];

const changes: Change[] = ["quality", "half", "webp", "smaller"];
const endings: Record<Change, string> = {
  none: "",
  quality: "-edited.jpg",
  half: "-small.jpg",
  smaller: "_sent.jpg",
  webp: ".web.webp",
};

/** All copies, of the pictures with those paths (in the plan's order). */
export function planCopies(paths: string[]): Copy[] {
  const exact = exactNumbers.map((number, i): Copy => ({
    path: `imported/backup ${1 + i % 2}/${paths[number].split("/").at(-1)}`,
    of: paths[number],
    change: "none",
  }));
  const near = nearNumbers.flatMap((number) => [number, number]).map((number, i): Copy => {
    const change = changes[i % changes.length];
    const name = paths[number].split("/").at(-1)!.replace(/\.[^.]+$/, "");
    return { path: `imported/phone/${name}${endings[change]}`, of: paths[number], change };
  });
  return [...exact, ...near];
}
