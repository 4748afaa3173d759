import { z } from "zod";
import { DATE_EXAMPLES, parseDateWords } from "../db/search/date_words.ts";
import type { Facets, PhotoFilter } from "../db/search/types.ts";
import { Fault } from "./fault.ts";

/** Filters as they stand in addresses and forms, and what they mean. */

const field = z.union([z.string(), z.array(z.string())]).optional();

/** Takes any text: what is wrong with it is told field by field, beside the field (see toFilter). */
export const FilterQuery = z.object({
  people_all: field.describe("Ids of people who are all on it, separated by commas or repeated"),
  people_any: field.describe("Ids of people of whom at least one is on it"),
  people_none: field.describe("Ids of people of whom none is on it"),
  folder: field.describe("Absolute path of a folder that holds a file of it, however deep below"),
  taken: field.describe(`When it was taken, in words: ${DATE_EXAMPLES}`),
  from: field.describe("The first day, or month or year, in which it may have been taken"),
  to: field.describe("The last day, or month or year, included"),
  camera: field.describe("A camera; repeated: any of them"),
  orientation: field.describe("landscape, portrait or square"),
  faces: field.describe('How many faces: "0", "2", "2+", "1-3", "yes" or "no"'),
  rating: field.describe('Stars: "5", "3+", "0-2" (0 is none); "-1" is rejected'),
  type: field.describe("A file format such as jpeg; repeated: any of them"),
  session: field.describe("Id of a session or run that looked at it"),
});
export type FilterQuery = z.infer<typeof FilterQuery>;
export type FilterField = keyof FilterQuery;

const FIELDS = Object.keys(FilterQuery.shape) as FilterField[];

/** The field that narrows a search to a value of each kind of facet. */
export const FACET_FIELDS = {
  people: "people_all",
  years: "taken",
  cameras: "camera",
  formats: "type",
  orientations: "orientation",
  ratings: "rating",
  faces: "faces",
  folders: "folder",
} as const satisfies Record<Exclude<keyof Facets, "counted" | "more">, FilterField>;

/** What cannot be used, for whoever typed it. */
export interface FilterFault {
  field: FilterField;
  message: string;
}

/** Of a list, and characters of a text that faults repeat. */
const MOST_VALUES = 50;
const SHOWN = 60;

const LONGEST = { folder: 4096, name: 500 };

/** A part that cannot be used. */
class Unusable extends Error {}

/**
 * What a query means, and what of it cannot be understood: those parts are missing from the filter, so
 * whoever shows results has to show the faults with them, or none. `now` is the day that words such as
 * "last month" are about.
 */
export function toFilter(
  query: FilterQuery,
  now: Date,
): { filter: PhotoFilter; faults: FilterFault[] } {
  const faults: FilterFault[] = [];
  const read = <T>(name: FilterField, parse: (values: string[]) => T): T | null => {
    const values = valuesOf(query, name);
    if (values.length === 0) return null;
    try {
      for (const value of values) checkText(value);
      return parse(values);
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      faults.push({ field: name, message: error.message });
      return null;
    }
  };
  const [all, any, none] = (["people_all", "people_any", "people_none"] as const)
    .map((name) => read(name, ids) ?? []);
  const filter: PhotoFilter = {};
  if (all.length + any.length + none.length > 0) filter.people = { all, any, none };
  const part = <K extends keyof PhotoFilter>(key: K, value: PhotoFilter[K] | null) => {
    if (value !== null) filter[key] = value;
  };
  part("folder", read("folder", folder));
  part("taken", readDates(read, now));
  part("cameras", read("camera", names));
  part("orientation", read("orientation", orientation));
  part("faces", read("faces", faces));
  part("rating", read("rating", rating));
  part("formats", read("type", (values) => names(values).map((name) => name.toLowerCase())));
  part("sessionId", read("session", (values) => one(values, oneId)));
  return { filter, faults };
}

/** The filter of a request that is answered as a whole or not at all: faults are a 400 that names every field. */
export function strictFilter(query: FilterQuery, now: Date): PhotoFilter {
  const { filter, faults } = toFilter(query, now);
  if (faults.length === 0) return filter;
  throw new Fault(
    400,
    "invalid_request",
    `Cannot use this request: ${faults.map((f) => `${f.field}: ${f.message}`).join("; ")}`,
    faults.map(({ field, message }) => ({ field, problem: message })),
  );
}

/** The fields as they were given, for links: words stay words, so that "last month" is so tomorrow. */
export const filterParams = (query: FilterQuery): [FilterField, string][] =>
  FIELDS.flatMap((name) =>
    valuesOf(query, name).map((value): [FilterField, string] => [name, value])
  );

function valuesOf(query: FilterQuery, name: FilterField): string[] {
  const given = query[name] ?? [];
  // An empty field of a form says nothing.
  return (Array.isArray(given) ? given : [given]).filter((value) => value.trim() !== "");
}

function checkText(value: string): void {
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new Unusable(`${quoted(value.toWellFormed())} has characters that no text has`);
  }
}

/** What was typed, so short that a page can show it. */
function quoted(value: string): string {
  const letters = [...value.replaceAll("\0", "\uFFFD")];
  const more = letters.length > SHOWN ? "…" : "";
  return `"${letters.slice(0, SHOWN).join("")}${more}"`;
}

function one<T>(values: string[], parse: (value: string) => T): T {
  if (values.length > 1) throw new Unusable(`is given ${values.length} times; give it once`);
  return parse(values[0].trim());
}

function oneId(value: string): number {
  const id = Number(value);
  if (!/^\d+$/.test(value) || id < 1 || !Number.isSafeInteger(id)) {
    throw new Unusable(`${quoted(value)} is no id; ids are whole numbers from 1`);
  }
  return id;
}

const ids = (values: string[]): number[] =>
  few(
    values.flatMap((value) => value.split(",")).map((value) => value.trim())
      .filter((value) => value !== ""),
  ).map(oneId);

function few<T>(values: T[]): T[] {
  const distinct = [...new Set(values)];
  if (distinct.length <= MOST_VALUES) return distinct;
  throw new Unusable(`has ${distinct.length} values; at most ${MOST_VALUES} are possible`);
}

function names(values: string[]): string[] {
  const long = values.find((value) => value.length > LONGEST.name);
  if (long) throw new Unusable(`${quoted(long)} is too long (${long.length} characters)`);
  return few(values);
}

// Names of folders may begin and end with spaces.
function folder(values: string[]): string {
  const path = one(values, () => values[0]);
  if (!path.startsWith("/")) {
    throw new Unusable(`${quoted(path)} is no absolute path, such as /home/me/Pictures`);
  }
  if (path.length > LONGEST.folder) {
    throw new Unusable(`${quoted(path)} is too long (${path.length} characters)`);
  }
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return `/${steps.join("/")}`;
}

function orientation(values: string[]): PhotoFilter["orientation"] {
  return one(values, (value) => {
    const wanted = value.toLowerCase();
    if (wanted === "landscape" || wanted === "portrait" || wanted === "square") return wanted;
    throw new Unusable(`${quoted(value)} is none of landscape, portrait and square`);
  });
}

type Bounds = { min: number | null; max: number | null };

const faces = (values: string[]): Bounds =>
  one(values.map(unspaced), (value) => {
    if (value.toLowerCase() === "yes") return { min: 1, max: null };
    if (value.toLowerCase() === "no") return { min: 0, max: 0 };
    return bounds(value, { most: 9999, told: 'such as 0, 2, 2+, 1-3, "yes" or "no"' });
  });

const rating = (values: string[]): Bounds =>
  one(
    values.map(unspaced),
    (value) =>
      value === "-1"
        ? { min: -1, max: -1 }
        : bounds(value, { most: 5, told: "of 0 to 5 stars, such as 5, 3+ or 0-2; -1 is rejected" }),
  );

/** In an address a plus that nobody encoded is a space: "3 " was "3+". */
export const unspaced = (value: string): string => value.replace(/^(\d{1,5}) $/, "$1+");

/** "2", "2+", "1-3". */
function bounds(value: string, { most, told }: { most: number; told: string }): Bounds {
  const found = value.match(/^(\d{1,5})(?:(\+)|\s*[-–]\s*(\d{1,5}))?$/);
  const min = Number(found?.[1]);
  const max = found?.[2] ? null : Number(found?.[3] ?? found?.[1]);
  if (!found || min > most || (max !== null && (max > most || max < min))) {
    throw new Unusable(`${quoted(value)} is no number ${told}`);
  }
  return { min, max };
}

type Read = <T>(name: FilterField, parse: (values: string[]) => T) => T | null;

/** `taken` in words, and `from` and `to`; where both are given, what lies in both. */
function readDates(read: Read, now: Date): PhotoFilter["taken"] | null {
  const dates = (values: string[]) =>
    one(values, (value) => {
      const found = parseDateWords(value, now);
      if (found) return found;
      throw new Unusable(`${quoted(value)} is no date that is understood; try ${DATE_EXAMPLES}`);
    });
  const side = (name: "from" | "to") => (values: string[]) => {
    const bound = dates(values)[name];
    if (bound !== null) return bound;
    throw new Unusable(`${quoted(values[0])} has no ${name === "from" ? "beginning" : "end"}`);
  };
  const taken = read("taken", dates);
  const first = read("from", side("from"));
  const end = read("to", (values) => {
    const bound = side("to")(values);
    if (first === null || first < bound) return bound;
    throw new Unusable(`${quoted(values[0])} ends before the time from which photos are wanted`);
  });
  if (!taken && first === null && end === null) return null;
  const given = (bounds: (string | null | undefined)[]) => bounds.filter((at) => at != null).sort();
  return {
    from: given([taken?.from, first]).at(-1) ?? null,
    to: given([taken?.to, end])[0] ?? null,
  };
}
