import type { Db } from "../db/client.ts";
import { findPeople, type PersonRow } from "../db/people_queries.ts";
import { parseDateWords } from "../db/search/date_words.ts";
import { resolvePeople } from "../db/search/known_people.ts";
import { recentChoices } from "../db/search/recent_choices.ts";
import { EncoderFault } from "../db/search/stages.ts";
import { MOST_CHARACTERS } from "../db/search/terms.ts";
import {
  type PhotoFilter,
  type Search,
  SearchFault,
  type SearchResult,
} from "../db/search/types.ts";
import { addressOf, type Params, valueOf, valuesOf, without } from "../views/search_address.ts";
import { chipsOf, spanWords } from "../views/search_chips.ts";
import { capital } from "../views/search_words.ts";
import type { Fault, SearchView, Somebody } from "../views/search_view.ts";
import { datesAsked } from "./search_dates.ts";
import { type FilterField, FilterQuery, toFilter } from "./search_filters.ts";
import { asQuery } from "./search_params.ts";

const ON_A_PAGE = 60;

/** Others are found by name. */
const PEOPLE_OFFERED = 60;

export interface Asked {
  found: SearchResult | null;
  faults: Fault[];
  /** Of the page that says so. */
  status: 200 | 400 | 404 | 413 | 503;
  filter: PhotoFilter;
  shown: number;
}

/** Carries out what an address asks; what is wrong with it is told, and nothing is looked for then. */
export async function ask(search: Search, params: Params): Promise<Asked> {
  const { filter, faults } = readQuestion(params);
  const photo = valueOf(params, "like");
  const before = Math.min(1e9, Number(valueOf(params, "shown").match(/^\d{1,9}$/)?.[0] ?? 0));
  const nothing = { found: null, faults, status: 400 as const, filter, shown: before };
  if (faults.length > 0) return nothing;
  try {
    const found = await search.find({
      words: valueOf(params, "q"),
      photoId: photo === "" ? undefined : Number(photo),
      picture: valueOf(params, "picture") || undefined,
      filter,
      dates: datesAsked(asQuery(params)),
      limit: ON_A_PAGE,
      cursor: valueOf(params, "cursor") || undefined,
      everything: valueOf(params, "everything") !== "",
      facets: valueOf(params, "counts") !== "",
    });
    return { found, faults, status: 200, filter, shown: before + found.results.length };
  } catch (error) {
    if (error instanceof SearchFault) {
      const status = error.code === "photo_not_found" ? 404 : 400;
      return { ...nothing, status, faults: [toFault(error, params)] };
    }
    if (error instanceof EncoderFault) {
      return { ...nothing, status: 503, faults: [{ field: null, message: told(error.message) }] };
    }
    throw error;
  }
}

/** The filter, and what is wrong with it and with what is to be compared. */
export function readQuestion(params: Params): { filter: PhotoFilter; faults: Fault[] } {
  const { filter, faults } = readFilter(params);
  const words = valueOf(params, "q");
  const photo = valueOf(params, "like");
  if (words.length > MOST_CHARACTERS) {
    const told = `These are ${words.length} characters; ${MOST_CHARACTERS} are the most.`;
    faults.push({ field: "q", message: told });
  }
  if (photo !== "" && !/^[1-9]\d{0,14}$/.test(photo)) {
    faults.push({ field: null, message: "Like which photo? The address has no number of one." });
  }
  for (const field of ["q", "like", "picture"]) {
    const { length } = valuesOf(params, field);
    const message = `The address has "${field}" ${length} times: give it once.`;
    if (length > 1) faults.push({ field: field === "q" ? "q" : null, message });
  }
  return { filter, faults };
}

function readFilter(params: Params): { filter: PhotoFilter; faults: Fault[] } {
  const parsed = FilterQuery.safeParse(asQuery(params));
  if (parsed.success) {
    const { filter, faults } = toFilter(parsed.data, new Date());
    const named = faults.map(({ field, message }) => ({
      field,
      // The form tells these right below the field.
      message: field === "taken" || field === "folder"
        ? told(capital(message))
        : `${FIELD_NAMES[field]}: ${told(message)}`,
    }));
    return { filter, faults: named };
  }
  const faults = parsed.error.issues.map(({ path, message }) => ({
    field: String(path[0] ?? "") || null,
    message: `${String(path[0] ?? "filter")}: ${message}`,
  }));
  return { filter: {}, faults };
}

/** As the form has them. */
const FIELD_NAMES: Record<FilterField, string> = {
  people_all: "People",
  people_any: "People",
  people_none: "People",
  folder: "Folder",
  taken: "Taken",
  from: "Taken since",
  to: "Taken until",
  camera: "Camera",
  orientation: "Shape",
  faces: "Faces",
  rating: "Stars",
  type: "File type",
  session: "Session",
};

/** With the way out that there is. */
function toFault({ code, message }: SearchFault, params: Params): Fault {
  const first = without(without(params, "cursor"), "shown");
  if (code === "foreign_cursor") {
    return { field: null, message: told(message), link: link(first, "Start over") };
  }
  if (code === "photo_not_found") {
    return {
      field: null,
      message: told(message),
      link: link(without(first, "like"), "Search without it"),
    };
  }
  if (code === "foreign_picture") {
    const bare = without(first, "picture");
    return { field: null, message: told(message), link: link(bare, "Search without the picture") };
  }
  return { field: "q", message: told(message) };
}

/** As a sentence. */
export const told = (message: string) => /[.!?]$/.test(message) ? message : `${message}.`;
const link = (params: Params, title: string) => ({ href: addressOf(params), title });

/** Everything around the results. */
export async function viewOf(
  { db, search, mostBytes }: { db: Db; search: Search; mostBytes: number },
  params: Params,
  { found, faults, filter, shown }: Asked,
): Promise<SearchView> {
  const [choices, people, index] = await Promise.all([
    recentChoices(db),
    peopleOf(db, params),
    search.indexProgress(),
  ]);
  const words = valuesOf(params, "taken");
  // Of these words alone: another part of the filter may narrow the time down further.
  const span = words.length === 1 ? parseDateWords(words[0], new Date()) : null;
  const taken = span && spanWords(span);
  const sessions = new Map(choices.sessions.map(({ id, name }) => [id, name]));
  return {
    params,
    formParams: people.now,
    chips: chipsOf(params, { people: people.known, sessions, taken }),
    choices: { ...choices, people: firstOf(people.known, choices.people) },
    takenEcho: taken,
    faults,
    filter,
    found,
    shown,
    index,
    facets: found?.facets ?? null,
    mostBytes,
  };
}

/** Those that are asked for, then others. */
function firstOf(known: Map<number, Somebody>, people: { id: number; name: string }[]): Somebody[] {
  const asked = new Map([...known.values()].map((person) => [person.id, person]));
  const others = people.filter(({ id }) => !asked.has(id)).slice(0, PEOPLE_OFFERED);
  return [...asked.values(), ...others.map((person) => ({ ...person, coverFaceId: null }))];
}

const ROLES = ["people_all", "people_any", "people_none"];

/**
 * Who is asked for, by the ids in the address: somebody who was joined with another is that one now.
 * `now`: the address with the ids they have now, for the form; cursors belong to the one that was asked.
 */
async function peopleOf(
  db: Db,
  params: Params,
): Promise<{ known: Map<number, PersonRow>; now: Params }> {
  const asked = ROLES.flatMap((role) => valuesOf(params, role))
    .filter((id) => /^[1-9]\d{0,14}$/.test(id)).map(Number);
  const became = await resolvePeople(db, asked);
  const people = await findPeople(db, [...became.values()].filter((id) => id !== null));
  const known = new Map([...became].flatMap(([id, now]) => {
    const person = now === null ? undefined : people.get(now);
    return person ? [[id, person] as const] : [];
  }));
  const now = params.map(([name, value]) => {
    const person = ROLES.includes(name) ? known.get(Number(value)) : undefined;
    return [name, person ? String(person.id) : value] as const;
  });
  return { known, now };
}

/** Those the form offers, with their faces: who has many takes a moment, so not with the page. */
export async function offeredPeople(db: Db, params: Params): Promise<Somebody[]> {
  const [{ people }, asked] = await Promise.all([recentChoices(db), peopleOf(db, params)]);
  const offered = firstOf(asked.known, people);
  const known = await findPeople(db, offered.map(({ id }) => id));
  return offered.map((person) => known.get(person.id) ?? person);
}
