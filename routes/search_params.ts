import type { Db } from "../db/client.ts";
import { number } from "../views/format.ts";
import { addressOf, type Params } from "../views/search_address.ts";
import type { Fault } from "../views/search_view.ts";
import { text } from "./common_schemas.ts";
import { called } from "./people_frame.ts";
import { unspaced } from "./search_filters.ts";

/** Fields of the search page's address, in the order it has them. */
const FIELDS = [
  "q",
  "like",
  "picture",
  "people_all",
  "people_any",
  "people_none",
  "taken",
  "from",
  "to",
  "folder",
  "camera",
  "orientation",
  "faces",
  "rating",
  "type",
  "session",
  "everything",
  "cursor",
  "shown",
  "counts",
];

/** Of these there may be several. */
const LISTS = new Set(["people_all", "people_any", "people_none", "camera", "type"]);
const PEOPLE = new Set(["people_all", "people_any", "people_none"]);

/** How a page is shown, not what is looked for: of several the first will do. */
const ONCE = new Set(["everything", "cursor", "shown", "counts"]);

/** More than this nobody means, and twice as many as a filter takes. */
const MOST_VALUES = 100;

/** Common proxies take 8,192 bytes for the first line of a request. */
const LONGEST_ADDRESS = 8000;

/**
 * What an address asks: known fields that say something, a list of people one by one. A field that is
 * there twice and means one thing stays there twice, and is told as a fault.
 */
export function readParams(query: URLSearchParams): Params {
  return FIELDS.flatMap((field) => {
    const given = query.getAll(field).flatMap((value) =>
      PEOPLE.has(field) ? value.split(",") : [value]
    ).map((value) => said(field, value)).filter((value) => value.trim() !== "");
    const values = LISTS.has(field) ? [...new Set(given)] : given;
    return values.slice(0, ONCE.has(field) ? 1 : MOST_VALUES)
      .map((value) => [field, value] as const);
  });
}

/** Without what slips in around a value; names of folders and cameras may end with a space. */
function said(field: string, value: string): string {
  if (field === "camera") return value;
  if (field === "folder") return value.trimStart();
  return (field === "faces" || field === "rating" ? unspaced(value) : value).trim();
}

/** What is wrong with a form that no address can hold; null: nothing. */
export function tooLong(params: Params): Fault | null {
  const { length } = addressOf(params);
  if (length <= LONGEST_ADDRESS) return null;
  const message = `This search takes ${number(length)} characters as an address; ` +
    `${number(LONGEST_ADDRESS)} are the most: leave some of it out.`;
  return { field: null, message };
}

/** The same as a query string is read: a field with several values is a list. */
export function asQuery(params: Params): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of params) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

/**
 * What the form of the page asks. People come as `person-ID` with what they are to the photos, and one
 * more by name; `fault`: what is wrong with that name.
 */
export async function readForm(
  db: Db,
  form: FormData,
): Promise<{ params: Params; fault: Fault | null }> {
  const query = new URLSearchParams();
  for (const [field, value] of form) {
    if (typeof value !== "string") continue;
    const [, id] = field.match(/^person-([1-9]\d{0,15})$/) ?? [];
    if (id === undefined) query.append(field, value);
    else if (isRole(value)) query.append(`people_${value}`, id);
  }
  // What is typed takes the place of two ends that an address brought.
  if ((query.get("taken") ?? "").trim() !== "") ["from", "to"].forEach((end) => query.delete(end));
  const name = (query.get("name") ?? "").trim();
  if (name === "") return { params: readParams(query), fault: null };
  if (!SOMEBODY.safeParse(name).success) {
    const message = "Somebody else: this is no name that anybody can have.";
    return { params: readParams(query), fault: { field: "people", message } };
  }
  const role = query.get("role") ?? "";
  const known = await called(db, name);
  // Whichever of several namesakes: all of them can hardly be on one photo.
  const as = role === "all" && known.length > 1 ? "any" : isRole(role) ? role : "all";
  for (const { id } of known) query.append(`people_${as}`, String(id));
  const message = `Nobody is called "${name}".`;
  return {
    params: readParams(query),
    fault: known.length > 0 ? null : { field: "people", message },
  };
}

/** As long as a name may be that is looked up while it is typed. */
const SOMEBODY = text(400);

const isRole = (value: string) => ["all", "any", "none"].includes(value);
