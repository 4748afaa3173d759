import type { SearchResult } from "../db/search/types.ts";
import { number, several } from "./format.ts";

/** What the search page says about its results. */

/** How rarely photos that have nothing to do with what was asked are as similar, for a person. */
export function chanceWords(relevance: number): string {
  if (relevance < 0.5) return "No more like it than most photos";
  const rarity = 1 / (1 - relevance);
  if (!(rarity < 100_000)) return "Unlike any photo that has nothing to do with it";
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(rarity)) - 1);
  const rounded = Math.max(2, Math.round(rarity / digits) * digits);
  return `As similar as 1 in ${number(rounded)} photos that have nothing to do with it`;
}

/** The same as the length of a bar, 0…1: each tenth part of chance adds a quarter. */
export const strength = (relevance: number): number =>
  Math.round(Math.min(1, Math.max(0.02, -Math.log10(Math.max(1e-9, 1 - relevance)) / 4)) * 100) /
  100;

/** What the status line needs to know of results. */
export type Counted =
  & Pick<SearchResult, "model" | "total" | "cut" | "nextCursor" | "message">
  & { shown: number; filtered: boolean };

/** "12 photos, the most similar first": how many there are, as far as that is known. */
export function foundWords(found: Counted): string {
  const { model, cut, nextCursor, shown, filtered } = found;
  if (shown === 0) return found.message ?? "No photo is like this.";
  // Totals are some seconds old: photos may have come since.
  const total = found.total !== null && found.total >= shown ? found.total : null;
  if (model === "") {
    if (nextCursor === null) return `${several(shown, "photo")}, the newest first`;
    return total !== null
      ? `${several(total, "photo")}, the newest first`
      : `The newest ${several(shown, "photo")}; further down are more`;
  }
  if (nextCursor !== null) {
    const of = total === null ? "" : ` of ${number(total)}${filtered ? " with these filters" : ""}`;
    return `The ${number(shown)} most similar photos${of}; further down are more`;
  }
  if (cut && total !== null && total > shown) {
    return `${several(shown, "photo")} out of ${number(total)}` +
      `${filtered ? " with these filters" : ""}, the most similar first`;
  }
  return `${several(shown, "photo")}, the most similar first`;
}

/** "no stars" → "No stars", where it stands alone. */
export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** "3+" → "3 or more faces", "1-2" → "1 to 2 faces", "yes" → "faces". */
export function facesWords(value: string): string {
  if (value === "0" || value === "no") return "no faces";
  if (value === "yes" || value === "1+") return "faces";
  return rangeWords(value, "face");
}

/** "3+" → "3 stars or more", "0" → "no stars", "-1" → "rejected". */
export function ratingChoice(value: string): string {
  if (value === "-1") return "rejected";
  return value === "0" ? "no stars" : rangeWords(value, "star");
}

function rangeWords(value: string, one: string): string {
  const [, from, rest] = value.match(/^(\d+)(\+|-\d+)?$/) ?? [];
  if (from === undefined) return value;
  if (rest === undefined) return several(Number(from), one);
  if (rest === "+") return `${several(Number(from), one)} or more`;
  return `${from} to ${several(Number(rest.slice(1)), one)}`;
}

const FORMAT_NAMES: Record<string, string> = {
  jpeg: "JPEG",
  heif: "HEIF",
  svg: "SVG",
  tiff: "TIFF",
};

/** As people write it: "JPEG". */
export const formatName = (format: string): string =>
  FORMAT_NAMES[format] ?? (/^[a-z0-9]{2,5}$/.test(format) ? format.toUpperCase() : format);
