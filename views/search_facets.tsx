import type { Facets, FacetValue, PhotoFilter } from "../db/search/types.ts";
import { number, several } from "./format.ts";
import { addressOf, type Params, valuesOf, withAlso, withOnly, without } from "./search_address.ts";
import { type FacetKind, narrows } from "./search_narrowing.ts";
import { capital, facesWords, formatName, ratingChoice } from "./search_words.ts";

interface Group {
  of: FacetKind;
  title: string;
  /** The field of the address that a value goes into. */
  field: string;
  /** Several of them narrow it down further. */
  adds?: boolean;
  word: (value: FacetValue) => string;
}

const lastFolders = (path: string) => path.split("/").slice(-2).join("/");

const GROUPS: Group[] = [
  {
    of: "people",
    title: "People",
    field: "people_all",
    adds: true,
    word: ({ label, value }) => label || `Person ${value}`,
  },
  { of: "years", title: "Years", field: "taken", word: ({ value }) => value },
  { of: "folders", title: "Folders", field: "folder", word: ({ value }) => lastFolders(value) },
  { of: "cameras", title: "Cameras", field: "camera", word: ({ value }) => value },
  { of: "faces", title: "Faces", field: "faces", word: ({ value }) => capital(facesWords(value)) },
  {
    of: "ratings",
    title: "Stars",
    field: "rating",
    word: ({ value }) => capital(ratingChoice(value)),
  },
  {
    of: "orientations",
    title: "Shapes",
    field: "orientation",
    word: ({ value }) => capital(value),
  },
  { of: "formats", title: "Types", field: "type", word: ({ value }) => formatName(value) },
];

/**
 * How many of the photos found are what, each a link that narrows the search down to them. What would
 * show others too is no link; a kind of which nothing narrows it down any more is left out.
 */
export function FacetMenus({ facets, params, filter, total }: {
  facets: Facets;
  params: Params;
  filter: PhotoFilter;
  total: number | null;
}) {
  const hrefOf = (group: Group, value: FacetValue) => linkTo(group, { value, params, filter });
  const groups = GROUPS.filter((group) =>
    facets[group.of].some((value) => hrefOf(group, value) !== null)
  );
  if (groups.length === 0) return <div class="facets" id="facets"></div>;
  return (
    <nav class="facets" id="facets" aria-label="Narrow it down">
      {groups.map((group) => (
        <details class="menu" name="facets">
          <summary class="button">{group.title}</summary>
          <ul>
            {facets[group.of].map((value) => (
              <Facet group={group} value={value} params={params} href={hrefOf(group, value)} />
            ))}
            {facets.more && <li class="muted">{countedWords(facets.counted, total)}</li>}
          </ul>
        </details>
      ))}
    </nav>
  );
}

function countedWords(counted: number, total: number | null): string {
  const words = `Counted in ${several(counted, "photo")}`;
  return total !== null && total > counted ? `${words} of ${number(total)}` : `${words} of more`;
}

/** The address with this value; null where it would not narrow the search down. */
function linkTo({ of, field, adds }: Group, { value: { value }, params, filter }: {
  value: FacetValue;
  params: Params;
  filter: PhotoFilter;
}): string | null {
  // A field that is blank asks for nothing.
  if (value.trim() === "") return null;
  const isFree = valuesOf(params, field).length === 0;
  if (!isFree && !narrows(filter, of, value)) return null;
  const first = without(without(params, "cursor"), "shown");
  return addressOf(adds ? withAlso(first, field, value) : withOnly(first, field, value));
}

function Facet({ group, value, params, href }: {
  group: Group;
  value: FacetValue;
  params: Params;
  href: string | null;
}) {
  const { field, word } = group;
  const title = field === "folder" ? value.value : undefined;
  const isSet = valuesOf(params, field).includes(value.value);
  const words = (
    <>
      <bdi>{word(value)}</bdi> <b>{number(value.photos)}</b>
    </>
  );
  return (
    <li>
      {href === null
        ? <span title={title} aria-current={isSet ? "true" : undefined}>{words}</span>
        : <a href={href} title={title}>{words}</a>}
    </li>
  );
}

/** What asks for the counts once the page is there; without scripts a link that shows them. */
export function FacetsLater({ params }: { params: Params }) {
  const first = without(without(params, "cursor"), "shown");
  return (
    <div
      class="facets"
      id="facets"
      hx-get={addressOf(first, "/search/facets")}
      hx-trigger="load"
      hx-swap="outerHTML"
    >
      <noscript>
        <a class="button" href={addressOf(withOnly(first, "counts", "1"))}>
          Count what is in these
        </a>
      </noscript>
    </div>
  );
}
