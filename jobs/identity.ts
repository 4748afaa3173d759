/** What decides who represents a group of duplicates: first by time of the file, then by path. */
export interface FirstSeen {
  mtimeMs: number;
  path: string;
}

/** A photo that is already stored. */
export interface KnownPhoto {
  id: number;
  representativeId: number | null;
  first: FirstSeen;
  sessionId: number | null;
  /** Faces have been looked for: its place is taken for good. */
  scanned: boolean;
}

/** What becomes of a file whose content is known. */
export type Identity =
  /** A copy of a stored photo, byte for byte. */
  | { kind: "same_content"; photo: KnownPhoto }
  /** A near-copy: shares the vector of `representative`. */
  | { kind: "duplicate"; representative: KnownPhoto }
  /** Gets a vector of its own; `replaces` steps back behind it. */
  | { kind: "represents"; replaces: KnownPhoto | null; stored: KnownPhoto | null };

/** Aspect ratios further apart than this are different pictures, whatever their hashes say. */
export const ASPECT_TOLERANCE = 0.02;

/** Orders by (mtime, path); paths by code unit, as the database's "C" collation does for UTF-8 short of surrogates. */
export function isBefore(a: FirstSeen, b: FirstSeen): boolean {
  return a.mtimeMs !== b.mtimeMs ? a.mtimeMs < b.mtimeMs : a.path < b.path;
}

/**
 * Decides what a file is; pure. `same` is the stored photo of the same bytes, `similar` the
 * representative with the same dHash and a near aspect ratio (never given for flat pictures).
 * The first by (mtime, path) represents, whichever comes in first, except that photos of earlier
 * sessions, and those whose faces are already known, keep their place.
 */
export function identify(
  file: FirstSeen & { sessionId: number },
  { same, similar }: { same: KnownPhoto | null; similar: KnownPhoto | null },
): Identity {
  const first = same && isBefore(same.first, file) ? same.first : file;
  const settled = similar !== null && (similar.sessionId !== file.sessionId || similar.scanned);
  if (same && same.representativeId === null) return { kind: "same_content", photo: same };
  if (similar && (settled || isBefore(similar.first, first))) {
    return same
      ? { kind: "same_content", photo: same }
      : { kind: "duplicate", representative: similar };
  }
  return { kind: "represents", replaces: similar, stored: same };
}

/** True if two pictures of the same hash have nearly the same shape. */
export function similarShape(a: Shape, b: Shape): boolean {
  const [first, second] = [a.width / a.height, b.width / b.height];
  return Math.abs(first - second) <= ASPECT_TOLERANCE * Math.max(first, second);
}

interface Shape {
  width: number;
  height: number;
}
