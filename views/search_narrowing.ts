import type { Facets, PhotoFilter } from "../db/search/types.ts";

/** Kinds of facets. */
export type FacetKind = Exclude<keyof Facets, "counted" | "more">;

/**
 * Whether a value, in the place of what a field has, leaves fewer photos than the filter and none that it
 * leaves out: only then the number beside the value is that of the photos a link to it shows.
 */
export function narrows(filter: PhotoFilter, of: FacetKind, value: string): boolean {
  switch (of) {
    // Comes besides the others.
    case "people":
      return !filter.people?.all.includes(Number(value));
    case "years":
      return isPartOf(yearSpan(value), filter.taken ?? { from: null, to: null });
    case "folders":
      return value !== filter.folder && isBelow(value, filter.folder ?? "/");
    case "cameras":
      return isOneOf(value, filter.cameras);
    case "formats":
      return isOneOf(value, filter.formats);
    case "orientations":
      return filter.orientation === undefined;
    case "faces":
      return isWithin(value, filter.faces);
    case "ratings":
      return isWithin(value, filter.rating);
  }
}

const isOneOf = (value: string, chosen: string[] = []) =>
  chosen.length === 0 || (chosen.length > 1 && chosen.includes(value));

const isBelow = (path: string, folder: string) =>
  path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);

interface Span {
  from: string | null;
  to: string | null;
}

/** Local times of one shape, so that the order of text is the order of time. */
function yearSpan(year: string): Span {
  const start = (of: number) => `${String(of).padStart(4, "0")}-01-01T00:00:00`;
  return { from: start(Number(year)), to: start(Number(year) + 1) };
}

const isPartOf = (part: Span, whole: Span) =>
  (whole.from === null || part.from! >= whole.from) &&
  (whole.to === null || part.to! <= whole.to) &&
  (part.from !== whole.from || part.to !== whole.to);

/** "2" is from 2 to 2, "3+" from 3 up. */
function isWithin(value: string, whole: PhotoFilter["faces"]): boolean {
  const least = parseInt(value);
  const [min, max] = [whole?.min ?? -Infinity, whole?.max ?? Infinity];
  const most = value.endsWith("+") ? Infinity : least;
  return least >= min && most <= max && (least > min || most < max);
}
