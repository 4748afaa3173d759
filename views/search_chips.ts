import { personName } from "./people_words.ts";
import { addressOf, type Params, without } from "./search_address.ts";
import type { Chip, Somebody } from "./search_view.ts";
import { facesWords, formatName, ratingChoice } from "./search_words.ts";

/** Those that chips name; what is not among them is shown by its number. */
export interface Known {
  people: Map<number, Somebody>;
  sessions: Map<number, string>;
  /** What the typed time was understood as. */
  taken: string | null;
}

const KINDS: Record<string, string> = {
  people_all: "with",
  people_any: "any of",
  people_none: "without",
  taken: "taken",
  from: "taken since",
  to: "taken until",
  folder: "in",
  camera: "camera",
  orientation: "shape",
  faces: "with",
  rating: "with",
  type: "type",
  session: "session",
};

/** What narrows the search down, part by part, each with the address without it. */
export function chipsOf(params: Params, known: Known): Chip[] {
  const first = without(without(params, "cursor"), "shown");
  return params.filter(([name]) => name in KINDS).map(([name, value]) => {
    const person = name.startsWith("people_") ? known.people.get(Number(value)) : undefined;
    return {
      kind: name === "rating" && value === "-1" ? "only" : KINDS[name],
      label: person ? personName(person) : wordsFor(name, value, known),
      without: addressOf(without(first, name, value)),
      faceId: person?.coverFaceId,
    };
  });
}

function wordsFor(name: string, value: string, { sessions, taken }: Known): string {
  if (name.startsWith("people_")) return `person ${value}`;
  // A year needs no explanation.
  if (name === "taken") {
    return taken === null || /^\d{4}$/.test(value) ? value : `${value} (${taken})`;
  }
  if (name === "faces") return facesWords(value);
  if (name === "rating") return ratingChoice(value);
  if (name === "type") return formatName(value);
  if (name === "session") return sessions.get(Number(value)) ?? value;
  return value;
}

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const DAY_MS = 86_400_000;

/** "1 June 2021 to 31 August 2021": a stretch of local time whose end does not belong to it. */
export function spanWords({ from, to }: { from: string | null; to: string | null }): string {
  const time = (local: string) => Date.parse(`${local}Z`);
  const isMidnight = (local: string) => local.endsWith("00:00:00");
  const day = (at: number) => DAY.format(new Date(at));
  if (from !== null && to !== null) {
    if (!isMidnight(from) || !isMidnight(to)) return `${clock(from)} to ${clock(to)}`;
    const last = day(time(to) - DAY_MS);
    return day(time(from)) === last ? last : `${day(time(from))} to ${last}`;
  }
  if (from !== null) return `since ${isMidnight(from) ? day(time(from)) : clock(from)}`;
  if (to === null) return "at any time";
  return isMidnight(to) ? `until ${day(time(to) - DAY_MS)}` : `before ${clock(to)}`;
}

const clock = (local: string) =>
  `${DAY.format(new Date(Date.parse(`${local}Z`)))}, ${local.slice(11, 16)}`;
