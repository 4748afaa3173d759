import type { Child } from "hono/jsx";
import { Cover, Crop } from "./crops.tsx";
import { Deed, Hidden } from "./deed.tsx";
import { several } from "./format.ts";
import { type Frame, namingPath, type Question } from "./people_view.ts";

export const FACES_SHOWN = 4;
export const CROP_SIZE = 112;

/**
 * "Is this the Anna you know?": the faces that are to be named beside those who have the name. `faces`:
 * the best of them, if the page has others than the question; `crop`: what there is instead.
 */
export function NameQuestion({ question, frame, faces = question.shown, crop }: {
  question: Question;
  frame: Frame;
  faces?: number[];
  crop?: Child;
}) {
  const { name, known } = question;
  const shown = (question.faceIds.length > 0 ? question.faceIds : faces).slice(0, FACES_SHOWN);
  const [first] = known;
  const ask = known.length === 1
    ? `Is this the ${first.name} you know?`
    : `Is this one of the ${known.length} people called ${name}?`;
  return (
    <section class="question" id="question" data-row aria-label={ask}>
      {(shown.length > 0 || crop) && (
        <div class="side">
          <p class="crops">
            {crop || shown.map((faceId) => <Crop faceId={faceId} size={CROP_SIZE} />)}
          </p>
          <p class="muted">{shown.length > 1 ? "The new faces" : "The new face"}</p>
        </div>
      )}
      {known.map((person) => (
        <div class="side">
          <p class="crops">
            <a href={`/people/${person.id}`} aria-label={`The page of ${person.name}`}>
              <Cover person={person} size={CROP_SIZE} />
            </a>
          </p>
          <p class="muted">
            {person.name}, {several(person.photos, "photo")}
            {person.hidden && ", hidden"}
          </p>
          {known.length > 1 && (
            <Answer question={question} frame={frame} personId={person.id}>
              <button
                type="submit"
                class="primary"
                data-key={person === first ? "y" : undefined}
                data-focus={person === first || undefined}
              >
                Yes, this one
              </button>
            </Answer>
          )}
        </div>
      ))}
      <div class="ask">
        <h2>{ask}</h2>
        <div class="actions">
          {known.length === 1 && (
            <Answer question={question} frame={frame} personId={first.id}>
              <button type="submit" class="primary" data-key="y" data-focus>Yes, join</button>
            </Answer>
          )}
          {question.subject !== "merge" && (
            <Answer question={question} frame={frame}>
              <button type="submit" data-key="n">No, another {name}</button>
            </Answer>
          )}
          <a
            class="button quiet"
            href={frame.here}
            data-key={question.subject === "merge" ? "n" : undefined}
          >
            Leave it
          </a>
        </div>
      </div>
    </section>
  );
}

function Answer({ question, frame, personId, children }: {
  question: Question;
  frame: Frame;
  /** Who it is; without: somebody else of that name. */
  personId?: number;
  children?: Child;
}) {
  const { faceIds, box, name, subject, of } = question;
  return (
    <Deed to={namingPath(question)} here={frame.here}>
      <Hidden name="faceId" values={faceIds} />
      <Hidden name="owner" values={subject === "faces" ? [of || ""] : []} />
      <Hidden name="box" values={box.length === 4 ? [box.join(",")] : []} />
      <Hidden name="photoId" values={subject === "drawn" ? [of] : []} />
      <Hidden name="name" values={[name]} />
      {personId === undefined
        ? <input type="hidden" name="as" value="new" />
        : <input type="hidden" name="personId" value={personId} />}
      {children}
    </Deed>
  );
}
