import type { PersonRow } from "../db/people_queries.ts";
import { Cover } from "./crops.tsx";
import { Deed } from "./deed.tsx";
import { number, several } from "./format.ts";
import { Pages } from "./pages.tsx";
import { DemoNote } from "./parts.tsx";
import type { Keys } from "./key_help.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { personName } from "./people_words.ts";
import { isAbout, type UnnamedRow, UnnamedRowItem } from "./unnamed_row.tsx";

export const ROW_KEYS: Keys = [
  [["←", "→"], "go through the faces of a row"],
  [["↑", "↓"], "go from row to row"],
  [["Space"], "picks the face"],
  [["Enter"], "goes to the row's name field; there it names, and Esc goes back"],
  [["Y", "N"], "answer the row's question"],
  [["S"], "the picked faces, or this one, are somebody else"],
  [["V"], "moves faces picked in another row here"],
  [["M"], "marks the row; on a second row: joins both"],
  [["H"], "a stranger: the whole row, or the picked faces"],
  [["F"], "not a face: the picked ones, or this one; the button: the whole row"],
  [["C"], "the picked face, or this one, becomes the cover"],
  [["O"], "opens the photo"],
];

export interface PeopleView {
  /** On the first page only. */
  named: { people: PersonRow[]; total: number };
  joined: { rows: UnnamedRow[]; total: number };
  clusters: { rows: UnnamedRow[]; total: number };
  /** Open proposals of the last grouping. */
  proposals: number;
  page: number;
  pages: number;
  builtin: boolean;
}

/** Everybody: people with names, then those whose faces are still to be named, as rows. */
export function PeoplePage({ view, frame }: { view: PeopleView; frame: Frame }) {
  const { named, joined, clusters, proposals, page, pages, builtin } = view;
  const nobody = named.total + joined.total + clusters.total === 0;
  return (
    <PeopleLayout
      title="People"
      tab="people"
      frame={frame}
      names={named.people.map(personName)}
      keys={ROW_KEYS}
      asksInRow={[...joined.rows, ...clusters.rows].some((row) => isAbout(frame.question, row))}
    >
      <div class="title">
        <h1>People</h1>
        <p class="actions">
          <a class="button" href="/runs/faces">Find faces again…</a>
          <a class="button" href="/runs/clustering">Group faces again…</a>
        </p>
      </div>
      {nobody && <p>No faces have been grouped yet: that is the last phase of a session.</p>}
      {builtin && <DemoNote />}
      {proposals > 0 && page === 1 && (
        <p class="note">
          <strong>
            The last grouping would change {several(proposals, "thing")} about people you know.
          </strong>{" "}
          Nothing of it is done without your yes: <a href="/review">look at it</a>.
        </p>
      )}
      {named.people.length > 0 && (
        <>
          <PeopleGrid people={named.people} />
          {named.total > named.people.length && (
            <p>
              <a href="/people/named">All {number(named.total)} people with a name</a>
            </p>
          )}
        </>
      )}
      {joined.rows.length > 0 && (
        <>
          <h2>Put together, without a name</h2>
          <Rows rows={joined.rows} frame={frame} />
          {joined.total > joined.rows.length && (
            <p>
              <a href="/people/unnamed">All {number(joined.total)} of them</a>
            </p>
          )}
        </>
      )}
      {clusters.total > 0 && (
        <>
          <h2>Who is this?</h2>
          <p class="purpose">
            {several(clusters.total, "group")}{" "}
            of faces that belong together, the largest first. Type a name; pick faces first to speak
            of those only.
          </p>
          <Rows rows={clusters.rows} frame={frame} />
          <JoinBar frame={frame} />
        </>
      )}
      <Deed to="/faces/move" here={frame.here} id="move" hidden />
      <Pages page={page} pages={pages} at="/people" />
    </PeopleLayout>
  );
}

export function Rows({ rows, frame }: { rows: UnnamedRow[]; frame: Frame }) {
  return (
    <ol class="rows">
      {rows.map((row) => <UnnamedRowItem row={row} frame={frame} />)}
    </ol>
  );
}

/** Joins the rows that are marked. */
function JoinBar({ frame }: { frame: Frame }) {
  return (
    <Deed to="/clusters/join" here={frame.here} id="join" class="join-bar">
      <p>The marked groups are one person:</p>
      <button type="submit" class="primary">Join them</button>
    </Deed>
  );
}

/** People as round covers, with name and number of photos. */
export function PeopleGrid({ people }: { people: PersonRow[] }) {
  return (
    <ul class="people" aria-label="People with a name">
      {people.map((person) => (
        <li id={`person-${person.id}`}>
          <a href={`/people/${person.id}`}>
            <Cover person={person} size={128} />
            <span class="person-name">{personName(person)}</span>
            <small>{several(person.photos, "photo")}</small>
          </a>
        </li>
      ))}
    </ul>
  );
}
