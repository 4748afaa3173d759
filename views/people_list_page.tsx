import type { PersonRow } from "../db/people_queries.ts";
import { Cover } from "./crops.tsx";
import { Deed } from "./deed.tsx";
import { several } from "./format.ts";
import { PeopleGrid, ROW_KEYS, Rows } from "./people_page.tsx";
import { Pages } from "./pages.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { isAbout, type UnnamedRow } from "./unnamed_row.tsx";

interface ListPage {
  total: number;
  page: number;
  pages: number;
  frame: Frame;
}

/** All people with a name, or those whose name begins so. */
export function NamedPage({ people, total, page, pages, begins, frame }: ListPage & {
  people: PersonRow[];
  begins: string;
}) {
  const at = begins === "" ? "/people/named" : `/people/named?begins=${encodeURIComponent(begins)}`;
  return (
    <PeopleLayout title="People with a name" frame={frame} keys={[]}>
      <h1>People with a name</h1>
      <form method="get" action="/people/named" role="search" class="go find-person">
        <label for="begins">Find</label>
        <input
          type="search"
          id="begins"
          name="begins"
          value={begins}
          maxlength={200}
          list="names"
          autocomplete="off"
        />
        <button type="submit" class="primary">Find</button>
      </form>
      <p class="lead">{total === 0 ? "Nobody is called so." : peopleWords(total)}</p>
      <PeopleGrid people={people} />
      <Pages page={page} pages={pages} at={at} />
    </PeopleLayout>
  );
}

const peopleWords = (total: number) => several(total, "person", "people");

/** People that were put together and have no name yet. */
export function JoinedPage({ rows, total, page, pages, frame }: ListPage & { rows: UnnamedRow[] }) {
  return (
    <PeopleLayout
      title="Put together, without a name"
      frame={frame}
      keys={ROW_KEYS}
      asksInRow={rows.some((row) => isAbout(frame.question, row))}
    >
      <h1>Put together, without a name</h1>
      <p class="lead">{peopleWords(total)}</p>
      <Rows rows={rows} frame={frame} />
      <Deed to="/faces/move" here={frame.here} id="move" hidden />
      <Pages page={page} pages={pages} at="/people/unnamed" />
    </PeopleLayout>
  );
}

/** Strangers, who are shown nowhere else. */
export function HiddenPage({ people, total, page, pages, frame }: ListPage & {
  people: PersonRow[];
}) {
  return (
    <PeopleLayout title="Hidden people" tab="hidden" frame={frame} keys={[]}>
      <h1>Hidden people</h1>
      <p class="lead">
        {total === 0
          ? "Nobody is hidden. Strangers, as you call them, are kept here and shown nowhere else."
          : `${peopleWords(total)}, shown nowhere else`}
      </p>
      <ul class="people">
        {people.map((person) => (
          <li id={`person-${person.id}`} data-row>
            <a href={`/people/${person.id}`}>
              <Cover person={person} size={128} />
              <span class="person-name">{person.name ?? `Stranger ${person.id}`}</span>
              <small>{several(person.photos, "photo")}</small>
            </a>
            <Deed to={`/people/${person.id}/show`} here={frame.here}>
              <button
                type="submit"
                class="quiet"
                aria-label={`Show again: ${person.name ?? `stranger ${person.id}`}`}
              >
                Show again
              </button>
            </Deed>
          </li>
        ))}
      </ul>
      <Pages page={page} pages={pages} at="/people/hidden" />
    </PeopleLayout>
  );
}
