import type { ClusterRow } from "../db/cluster_queries.ts";
import type { PersonRow } from "../db/people_queries.ts";
import { Picks } from "./crops.tsx";
import { Deed, Hidden, NameField } from "./deed.tsx";
import { several } from "./format.ts";
import { NameQuestion } from "./name_question.tsx";
import type { Frame } from "./people_view.ts";
import { clusterName, likeness, personName } from "./people_words.ts";

/** Faces of one person without a name, with everything that can be done about them. */
export interface UnnamedRow {
  /** "clusters": found by the program; "people": put together by somebody. */
  kind: "clusters" | "people";
  id: number;
  title: string;
  /** All of them; `faces` are the best. */
  size: number;
  faces: { id: number; photoId: number }[];
  likely: ClusterRow["likely"];
}

export const clusterRow = (cluster: ClusterRow): UnnamedRow => ({
  ...cluster,
  kind: "clusters",
  title: clusterName(cluster.id),
});

export const joinedRow = (person: PersonRow, faces: UnnamedRow["faces"]): UnnamedRow => ({
  kind: "people",
  id: person.id,
  title: personName(person),
  size: person.faces,
  faces,
  likely: null,
});

/** The row of a list; `frame.question` is shown in it if it is about it. */
export function UnnamedRowItem({ row, frame }: { row: UnnamedRow; frame: Frame }) {
  const { kind, id, title, size, faces } = row;
  return (
    <li id={`${kind}-${id}`} class="row" data-row>
      <div class="row-head">
        {kind === "clusters" && <Mark id={id} title={title} />}
        <a class="who" href={`/${kind}/${id}`}>{title}</a>
        <a class="muted" href={`/${kind}/${id}`}>
          {size > faces.length ? `all ${several(size, "face")}` : several(size, "face")}
        </a>
        <MoveHere row={row} />
      </div>
      <RowQuestion row={row} frame={frame} />
      <RowForm row={row} frame={frame} />
    </li>
  );
}

/** Marks a row for being joined with others: a box of the form that stands below the list. */
function Mark({ id, title }: { id: number; title: string }) {
  return (
    <input
      type="checkbox"
      name="clusterId"
      value={id}
      form="join"
      id={`mark-${id}`}
      data-mark
      aria-label={`Mark ${title} to join it with others`}
      title="Mark to join with others"
    />
  );
}

/** Shown by people.js while faces of another row are picked. */
function MoveHere({ row: { kind, id, title } }: { row: UnnamedRow }) {
  return (
    <button
      type="submit"
      form="move"
      name={kind === "clusters" ? "clusterId" : "personId"}
      value={id}
      class="quiet"
      data-move
      data-key="v"
      hidden
      aria-label={`Move the picked here, to ${title}`}
    >
      Move the picked here
    </button>
  );
}

/** True if a question is about the row, which then shows it. */
export const isAbout = (question: Frame["question"], { kind, id }: UnnamedRow): boolean =>
  question?.of === id && question.subject === (kind === "clusters" ? "cluster" : "person");

/** What the program or a name asks about the row: answered with Y or N before anything else. */
export function RowQuestion({ row, frame }: { row: UnnamedRow; frame: Frame }) {
  const { id, faces, likely } = row;
  const { question, here } = frame;
  if (question && isAbout(question, row)) {
    return <NameQuestion question={question} frame={frame} faces={faces.map((face) => face.id)} />;
  }
  if (!likely) return null;
  const who = personName(likely);
  return (
    <Deed to={`/clusters/${id}/likely`} here={here} class="likely">
      <input type="hidden" name="personId" value={likely.id} />
      {likely.proposalId !== null && (
        <input type="hidden" name="proposalId" value={likely.proposalId} />
      )}
      <Hidden name="shown" values={faces.map((face) => face.id)} />
      <p>
        Is this <a href={`/people/${likely.id}`}>{who}</a>?{" "}
        <small class="muted">{likeness(likely.similarity)}</small>
      </p>
      <button type="submit" name="answer" value="yes" class="primary" data-key="y">Yes</button>
      <button type="submit" name="answer" value="no" data-key="n">No</button>
    </Deed>
  );
}

/** Crops to pick, and the deeds: on those picked, or on all if none is. */
export function RowForm({ row, frame }: { row: UnnamedRow; frame: Frame }) {
  const { kind, id, title, faces } = row;
  const { here, question } = frame;
  const at = (deed: string) => `/${kind}/${id}/${deed}`;
  return (
    <Deed to={at("name")} here={here} id={`${kind}-${id}-form`} class="row-form">
      <Picks faces={faces} of={title} />
      <div class="tools">
        <span class="naming">
          <NameField
            id={`${kind}-${id}-name`}
            title={`Name of ${title}`}
            value={isAbout(question, row) ? question?.name : undefined}
          />
          <button type="submit" class="primary">
            <Label all="Name" picked="Name these" />
          </button>
        </span>
        <button
          type="submit"
          formaction="/faces/split"
          formnovalidate
          name={kind === "clusters" ? "clusterId" : "personId"}
          value={id}
          class="if-picked"
          data-key="s"
          data-picks
        >
          These are somebody else
        </button>
        <button
          type="submit"
          formaction={at("cover")}
          formnovalidate
          class="if-picked"
          data-key="c"
          data-picks
        >
          Set as cover
        </button>
        <button
          type="submit"
          formaction={at("hide")}
          formnovalidate
          name="hide"
          value="stranger"
          class="quiet"
          data-key="h"
        >
          <Label all="A stranger" picked="Strangers" />
        </button>
        <button
          type="submit"
          formaction={at("hide")}
          formnovalidate
          name="hide"
          value="not_a_face"
          class={kind === "people" ? "quiet if-picked" : "quiet"}
          data-key="f"
          data-picks
        >
          <Label all="Not a face" picked="No faces" />
        </button>
      </div>
    </Deed>
  );
}

/** What a button says while nothing is picked in its form, and while something is. */
function Label({ all, picked }: { all: string; picked: string }) {
  return (
    <>
      <span class="if-none">{all}</span>
      <span class="if-picked">{picked}</span>
    </>
  );
}
