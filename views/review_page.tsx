import type { PersonRow } from "../db/people_queries.ts";
import type { ProposalRow, SuggestionRow } from "../db/suggestion_queries.ts";
import { Cover, Crop, OpenPhoto } from "./crops.tsx";
import { Deed, Hidden } from "./deed.tsx";
import { number, several } from "./format.ts";
import { Pages } from "./pages.tsx";
import type { Keys } from "./key_help.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { likeness, likenessPercent, personName } from "./people_words.ts";

const ANSWERS: Keys[number] = [
  ["Y", "N", "S"],
  "yes, no, skip: the face that is marked; then the next one",
];
const OPENS: Keys[number] = [["O"], "opens the photo"];
const KEYS: Keys = [
  ANSWERS,
  [["←", "→"], "go through the faces"],
  [["↑", "↓"], "go from person to person"],
  OPENS,
];
const KEYS_OF_ONE: Keys = [ANSWERS, [["←", "→", "↑", "↓"], "go through the faces"], OPENS];

export interface ReviewView {
  groups: { person: PersonRow; open: number; best: SuggestionRow[] }[];
  proposals: { proposals: ProposalRow[]; total: number };
  /** Only this person's, if any. */
  personId: number | null;
  page: number;
  pages: number;
}

/** What waits for a yes or no: proposals of the last grouping, then faces by the likeliest person. */
export function ReviewPage({ view, frame }: { view: ReviewView; frame: Frame }) {
  const { groups, proposals, personId, page, pages } = view;
  const at = personId === null ? "/review" : `/review?person=${personId}`;
  return (
    <PeopleLayout
      title="Review"
      place="review"
      tab="review"
      frame={frame}
      keys={personId === null ? KEYS : KEYS_OF_ONE}
    >
      <h1>Review</h1>
      {personId !== null && (
        <p>
          <a href="/review">Everybody</a>
        </p>
      )}
      {groups.length === 0 && proposals.total === 0 && (
        <div class="empty">
          <p>Nothing is left to ask.</p>
          <p>
            Faces that look like somebody you named, but not surely enough, come here.{" "}
            <a href="/people">Name more people</a>
          </p>
        </div>
      )}
      {proposals.proposals.length > 0 && (
        <>
          <h2>What the last grouping would change</h2>
          <ol class="rows">
            {proposals.proposals.map((proposal) => <Proposal proposal={proposal} frame={frame} />)}
          </ol>
          {proposals.total > proposals.proposals.length && (
            <p class="muted">
              {number(proposals.total - proposals.proposals.length)} more come after these.
            </p>
          )}
        </>
      )}
      {groups.length > 0 && proposals.proposals.length > 0 && <h2>Faces</h2>}
      <ol class="rows review">
        {groups.map((group) => <Group group={group} whole={personId !== null} frame={frame} />)}
      </ol>
      <Pages page={page} pages={pages} at={at} before="Back" after="Others" />
    </PeopleLayout>
  );
}

/** Suggestions for one person: the cover, and the faces that may be theirs beside it. */
function Group({ group: { person, open, best }, whole, frame }: {
  group: ReviewView["groups"][number];
  whole: boolean;
  frame: Frame;
}) {
  const name = personName(person);
  const all = best.length === 1 ? "it" : `all ${best.length}`;
  return (
    <li
      id={`review-${person.id}`}
      class="row asked"
      data-row
      data-grid={whole || undefined}
    >
      <a class="asked-of" href={`/people/${person.id}`}>
        <Cover person={person} size={128} />
        <span class="person-name">{name}</span>
        <small class="muted">{several(person.photos, "photo")}</small>
      </a>
      <Deed to="/review/answer" here={frame.here} id={`answers-${person.id}`}>
        <input type="hidden" name="personId" value={person.id} />
        <Hidden name="faceId" values={best.map((face) => face.faceId)} />
        <div class="row-head">
          <h2>Is this {person.name ?? "the same person"}?</h2>
          <span class="muted">{several(open, "face")} to answer</span>
          <span class="bulk-answers">
            {(["yes", "no", "skip"] as const).map((answer) => {
              const title = `${TITLES[answer]}${answer === "skip" ? "" : " to"} ${all}`;
              return (
                <button
                  type="submit"
                  name="answer"
                  value={answer}
                  class={answer === "yes" ? undefined : "quiet"}
                  aria-label={`${title}: ${name}`}
                >
                  {title}
                </button>
              );
            })}
          </span>
        </div>
        <ul class="faces asked-faces" aria-label={`Faces that may be ${name}`}>
          {best.map((face, index) => <Suggestion face={face} index={index} name={name} />)}
        </ul>
        {!whole && open > best.length && (
          <p>
            <a href={`/review?person=${person.id}`}>All {number(open)} of {name}</a>
          </p>
        )}
      </Deed>
    </li>
  );
}

function Suggestion({ face, index, name }: { face: SuggestionRow; index: number; name: string }) {
  const { faceId, photoId, similarity, skipped } = face;
  const which = `face ${index + 1}`;
  return (
    <li class={skipped ? "skipped" : undefined}>
      <div
        id={`suggestion-${faceId}`}
        data-item
        role="group"
        aria-label={`Is ${which} ${name}? ${likeness(similarity)}${skipped ? ", skipped" : ""}`}
      >
        <Crop faceId={faceId} size={112} />
        <OpenPhoto photoId={photoId} title={`Open the photo of ${which}`} />
        <small class="muted">
          {likenessPercent(similarity)} alike{skipped && ", skipped"}
        </small>
        <span class="answers">
          {(["yes", "no", "skip"] as const).map((answer) => (
            <button
              type="submit"
              name="only"
              value={`${answer}-${faceId}`}
              data-key={answer[0]}
              class={answer === "yes" ? "primary" : "quiet"}
              aria-label={`${TITLES[answer]}: ${which}`}
            >
              {TITLES[answer]}
            </button>
          ))}
        </span>
      </div>
    </li>
  );
}

const TITLES = { yes: "Yes", no: "No", skip: "Skip" };

const PROPOSED_SHOWN = 12;

function Proposal({ proposal, frame }: { proposal: ProposalRow; frame: Frame }) {
  const { id, person, toPerson, faceIds, faces, similarity } = proposal;
  const target = toPerson ?? person;
  return (
    <li id={`proposal-${id}`} class="row asked" data-row>
      <a class="asked-of" href={`/people/${target.id}`}>
        <Cover person={target} size={128} />
        <span class="person-name">{personName(target)}</span>
        <small class="muted">{several(target.photos, "photo")}</small>
      </a>
      <Deed to={`/review/proposals/${id}`} here={frame.here}>
        <h2>{proposalWords(proposal)}</h2>
        <p class="muted">{likeness(similarity)}, on average</p>
        <ul class="faces">
          {faceIds.slice(0, PROPOSED_SHOWN).map((faceId, index) => (
            <li>
              <Crop faceId={faceId} alt={`Face ${index + 1} of ${faces}`} />
            </li>
          ))}
          {faces > PROPOSED_SHOWN && (
            <li class="muted and-more">
              and {number(faces - Math.min(PROPOSED_SHOWN, faceIds.length))} more
            </li>
          )}
        </ul>
        <p class="actions">
          <button type="submit" name="answer" value="yes" class="primary" data-key="y">Yes</button>
          <button type="submit" name="answer" value="no" data-key="n">No</button>
        </p>
      </Deed>
    </li>
  );
}

/** The difference a proposal would make, as a question that can be answered with yes or no. */
export function proposalWords(
  { kind, person, toPerson, faces }: Pick<ProposalRow, "kind" | "person" | "toPerson" | "faces">,
): string {
  const these = faces === 1 ? "this face" : `these ${number(faces)} faces`;
  const name = personName(person);
  if (kind === "joined") return `Do ${these} belong to ${name}?`.replace("Do this", "Does this");
  if (kind === "moved" && toPerson) return `Move ${these} from ${name} to ${personName(toPerson)}?`;
  return `Take ${these} from ${name}, as somebody else?`;
}
