import type { PersonDetail, PersonFace } from "../db/people_queries.ts";
import { Cover, Crop, OpenPhoto } from "./crops.tsx";
import { Deed, NameField } from "./deed.tsx";
import { cameraTime, number, several } from "./format.ts";
import type { Keys } from "./key_help.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { ageSpan, certainty, likenessPercent, personName, whom, yearOf } from "./people_words.ts";

const KEYS: Keys = [
  [["←", "→", "↑", "↓"], "go through the faces"],
  [["Space"], "picks the face"],
  [["N"], "the picked faces, or this one, are not this person"],
  [["Y"], "they are: confirms them"],
  [["C"], "the face becomes the cover"],
  [["F"], "not a face"],
  [["Enter"], "goes to the name field"],
  [["O"], "opens the photo"],
];

export interface PersonView {
  person: PersonDetail;
  faces: PersonFace[];
  /** Where the next page begins. */
  next: string | null;
  /** The page begins with the first face. */
  first: boolean;
}

/** Somebody: who they are, with whom they appear, and their faces in the order of time. */
export function PersonPage({ view, frame }: { view: PersonView; frame: Frame }) {
  const { person, faces, next, first } = view;
  const name = personName(person);
  const at = `/people/${person.id}`;
  return (
    <PeopleLayout
      title={name}
      frame={frame}
      keys={KEYS}
      questionFaces={person.coverFaceId === null ? [] : [person.coverFaceId]}
    >
      <p class="crumbs">
        <a href="/people">People</a>
        {person.hidden && (
          <>
            {" "}/ <a href="/people/hidden">Hidden</a>
          </>
        )}
      </p>
      <Head person={person} name={name} />
      <Deeds person={person} name={name} frame={frame} />
      {person.companions.length > 0 && <Companions person={person} />}
      <h2>Photos</h2>
      {faces.length === 0
        ? <p>{first ? "No face of the models in use is theirs." : "There are no earlier ones."}</p>
        : <Faces person={person} faces={faces} frame={frame} />}
      {(next || !first) && (
        <nav class="pager" aria-label="Pages">
          {!first && <a class="button" href={at}>The latest</a>}
          {next && (
            <a class="button" href={`${at}?before=${encodeURIComponent(next)}`}>Earlier photos</a>
          )}
        </nav>
      )}
    </PeopleLayout>
  );
}

function Head({ person, name }: { person: PersonDetail; name: string }) {
  const span = ageSpan(person.from, person.to);
  return (
    <div class="person-head">
      <Cover person={person} size={160} />
      <div>
        <h1>{name}</h1>
        <p class="lead">
          <span>{several(person.photos, "photo")}</span>
          {span && <span>{span}</span>}
          {person.hidden && <span class="tag">hidden</span>}
        </p>
        <p class="facts">
          <span>{several(person.confirmed, "face")} confirmed</span>
          {person.faces > person.confirmed && (
            <span>{number(person.faces - person.confirmed)} found by Safelight</span>
          )}
          {person.suggestions > 0 && (
            <a href={`/review?person=${person.id}`}>
              {several(person.suggestions, "face")} to be asked about
            </a>
          )}
        </p>
      </div>
    </div>
  );
}

/** What is done with the person as a whole; folded away but for the name. */
function Deeds({ person, name, frame: { here } }: {
  person: PersonDetail;
  name: string;
  frame: Frame;
}) {
  const at = (deed: string) => `/people/${person.id}/${deed}`;
  return (
    <div class="person-deeds">
      <Deed to={at("name")} here={here} class="naming" id="rename">
        <NameField
          id="rename-name"
          title={person.name === null ? "Name" : "New name"}
          placeholder={person.name === null ? "Who is this?" : "Another name"}
          value={person.name ?? undefined}
        />
        <button type="submit" class={person.name === null ? "primary" : undefined}>
          {person.name === null ? "Name" : "Rename"}
        </button>
      </Deed>
      <Deed to={at(person.hidden ? "show" : "hide")} here={here}>
        {!person.hidden && <input type="hidden" name="hide" value="stranger" />}
        <button type="submit" class="quiet">{person.hidden ? "Show again" : "Hide"}</button>
      </Deed>
      <details class="fold" id="merge-fold">
        <summary>Join with somebody…</summary>
        <Deed to={at("merge")} here={here} class="naming">
          <NameField
            id="merge-name"
            title={`Who ${name} really is`}
            placeholder="The other's name"
          />
          <button type="submit">Join</button>
        </Deed>
        <p class="muted">Both become one person, who keeps the other's name.</p>
      </details>
      <details class="fold" id="delete-fold">
        <summary>Delete…</summary>
        <p>
          The photos and faces stay; that these faces are {name} is forgotten, until you undo it.
        </p>
        <Deed to={at("delete")} here={here}>
          <button type="submit" class="danger">Delete {name}</button>
        </Deed>
      </details>
    </div>
  );
}

function Companions({ person }: { person: PersonDetail }) {
  return (
    <>
      <h2>Most often with</h2>
      <ul class="people small" aria-label="Most often with">
        {person.companions.map((other) => (
          <li>
            <a href={`/people/${other.id}`}>
              <Cover person={other} size={72} />
              <span class="person-name">{personName(other)}</span>
              <small>{several(other.photos, "photo")}</small>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Faces by years, each with who says that it is theirs. */
function Faces({ person, faces, frame: { here } }: {
  person: PersonDetail;
  faces: PersonFace[];
  frame: Frame;
}) {
  const name = whom(person);
  const years = Map.groupBy(faces, (face) => yearOf(face.takenAt));
  return (
    <Deed to="/faces/release" here={here} id="person-faces" class="person-faces">
      <input type="hidden" name="owner" value={person.id} />
      <div data-row data-grid id="faces">
        <div class="tools sticky">
          <span class="naming if-picked">
            <NameField
              id="move-name"
              title="Who the picked faces are"
              placeholder="These are…"
            />
            <button type="submit" formaction="/faces/name">Move</button>
          </span>
          <button type="submit" class="if-picked" formnovalidate data-key="n">
            These are not {name}
          </button>
          <button
            type="submit"
            class="if-picked"
            formnovalidate
            formaction="/faces/confirm"
            data-key="y"
          >
            These are {name}
          </button>
          <button
            type="submit"
            class="if-picked quiet"
            formnovalidate
            formaction={`/people/${person.id}/cover`}
            data-key="c"
            data-picks
          >
            Set as cover
          </button>
          <button
            type="submit"
            class="if-picked quiet"
            formnovalidate
            formaction="/faces/hide"
            name="hide"
            value="not_a_face"
            data-key="f"
            data-picks
          >
            No faces
          </button>
        </div>
        {[...years].map(([year, those]) => (
          <section class="year">
            <h3>{year ?? "Without a date"}</h3>
            <ul class="faces told">
              {those.map((face) => <Face face={face} name={name} />)}
            </ul>
          </section>
        ))}
      </div>
    </Deed>
  );
}

function Face({ face, name }: { face: PersonFace; name: string }) {
  const { id, photoId, confirmed, similarity, takenAt } = face;
  const when = takenAt ? cameraTime(takenAt) : "without a date";
  const said = certainty(face);
  return (
    <li id={`face-${id}`} data-item>
      <label>
        <input
          type="checkbox"
          name="faceId"
          value={id}
          id={`pick-${id}`}
          aria-label={`${when}, ${said}`}
        />
        <Crop faceId={id} />
      </label>
      <OpenPhoto photoId={photoId} title={`Open the photo: ${when}`} />
      <small class={confirmed ? "confirmed" : "muted"} title={said}>
        {confirmed
          ? "confirmed"
          : similarity === null
          ? "automatic"
          : `${likenessPercent(similarity)} alike`}
      </small>
      <span class="item-deeds">
        {!confirmed && (
          <button
            type="submit"
            formnovalidate
            formaction="/faces/confirm"
            name="only"
            value={id}
            data-key="y"
            aria-label={`Yes, it is ${name}: ${when}`}
          >
            Yes
          </button>
        )}
        <button
          type="submit"
          formnovalidate
          formaction="/faces/release"
          name="only"
          value={id}
          data-key="n"
          aria-label={`Not ${name}: ${when}`}
        >
          <span class="clamped">Not {name}</span>
        </button>
      </span>
    </li>
  );
}
