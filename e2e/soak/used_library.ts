import { type LibraryState, same } from "../library_state.ts";

/**
 * How a library that has seen more than there is now differs from a fresh one in what there is. A
 * photo seen first keeps representing its copies, so photos are compared where they represent
 * themselves in both.
 */
export function unlike(fresh: LibraryState, used: LibraryState): string[] {
  const wrong: string[] = [];
  const there = (state: LibraryState) =>
    state.sections.files.filter((line) => line.endsWith(" · there"));
  const [expected, actual] = [new Set(there(fresh)), new Set(there(used))];
  for (const line of expected) if (!actual.has(line)) wrong.push(`files: missing "${line}"`);
  for (const line of actual) if (!expected.has(line)) wrong.push(`files: unexpected "${line}"`);
  const [before, now] = [new Map(representatives(fresh)), new Map(representatives(used))];
  const both = [...before].filter(([sha256, representative]) =>
    representative === sha256 && now.get(sha256) === sha256
  ).map(([sha256]) => sha256);
  const vectors = (state: LibraryState, sha256: string) =>
    [...state.vectors.keys()].filter((key) => key.startsWith(`picture ${sha256} `)).length;
  for (const [sha256, representative] of before) {
    const represented = now.get(sha256);
    if (!represented) wrong.push(`photos: missing ${sha256}`);
    else if (vectors(used, represented) < vectors(fresh, representative)) {
      wrong.push(`vectors: none for ${sha256}, which ${represented} represents`);
    }
  }
  for (const section of ["scans", "faces"]) {
    const lines = new Set(used.sections[section]);
    const due = fresh.sections[section].filter((line) => both.includes(line.slice(0, 64)));
    wrong.push(...due.filter((line) => !lines.has(line)).map((line) => `${section}: ${line}`));
  }
  for (const [key, vector] of fresh.vectors) {
    if (!both.some((sha256) => key.includes(sha256))) continue;
    if (!same(vector, used.vectors.get(key))) wrong.push(`vectors: ${key} differs`);
  }
  return wrong.slice(0, 10);
}

/** The hash of each photo with that of the photo that represents it, which may be itself. */
export const representatives = (state: LibraryState): [string, string][] =>
  state.sections.photos.map((line) => line.split(" · ").slice(0, 2) as [string, string]);
