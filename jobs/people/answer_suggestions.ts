import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import { leftOut } from "./answer_proposal.ts";
import { type Change, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { giveFaces, takeFaces } from "./give.ts";
import { type HeldFace, holdFaces, holdPerson, quoted, refuseNotAFace } from "./held.ts";
import { lastChangeOf } from "./last_change.ts";
import { facesOf, titleOf } from "./names.ts";
import { permitted } from "./store_proposals.ts";

export type Answer = "yes" | "no" | "skip";

/**
 * Answers suggestions: yes confirms the faces, no is remembered, skip puts the question last.
 * `personId` is who was asked about; without it, whoever the suggestions are about now. `together`:
 * the question was about all of the faces as one, so that a no need not be meant of each. A page that
 * was open for a while should say, since answers elsewhere change what is suggested. Answers that
 * were given already are so already; faces that were answered otherwise stay as they are, and of
 * those of one photo a yes confirms the likeliest. Throws PeopleFault: conflict, with nothing
 * changed, if nothing else is left of them, missing for a face or person that is not there, and for
 * a face nobody was ever asked about.
 */
export function answerSuggestions(
  db: Db,
  { faceIds, answer, personId, together }: {
    faceIds: number[];
    answer: Answer;
    personId?: number;
    together?: boolean;
  },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "answered" }, async (tx) => {
    if (personId !== undefined) await holdPerson(tx, personId);
    const faces = await holdFaces(tx, faceIds);
    const asked = await askedAbout(tx, faces, personId);
    if (answer === "skip") return await skip(tx, asked);
    const { unanswered = [], elsewhere = [], so = [] } = Object.groupBy(
      asked,
      (one) => standingOf(one, answer),
    );
    const open = answer === "yes" ? await oncePerPhoto(tx, unanswered) : unanswered;
    if (open.length === 0 && so.length === 0) throw await faultOf(tx, { elsewhere, unanswered });
    const pairs = sql`select * from unnest(${sql.param(open.map(({ face }) => face.id))}::bigint[],
      ${sql.param(open.map((one) => one.personId))}::bigint[]) as pair (id, person_id)`;
    const people = [...new Set(asked.map((one) => one.personId))];
    if (answer === "yes") await giveFaces(tx, pairs);
    else await takeFaces(tx, pairs, { together });
    const whom = people.length === 1 ? titleOf(asked[0].name) : `${people.length} people`;
    const deed = answer === "yes"
      ? `Confirmed ${facesOf(open.length)} of ${whom}`
      : `Said that ${facesOf(open.length)} ${open.length === 1 ? "is" : "are"} not ${whom}`;
    const message = deed + leftOut(unanswered.length - open.length) +
      answeredElsewhere(elsewhere.length);
    return { faces: open.length, personId: people.length === 1 ? people[0] : null, message };
  });
}

const answeredElsewhere = (count: number): string =>
  count === 0 ? "" : `; ${count} ${count === 1 ? "was" : "were"} answered elsewhere meanwhile`;

interface Asked {
  face: HeldFace;
  personId: number;
  name: string | null;
  /** The suggestion is there at present. */
  suggested: boolean;
  /** Of the suggestion; 0 without one. */
  similarity: number;
  rejected: boolean;
}

/** Whom each face was suggested to be: the person that is given, the suggested one, or an answer's. */
async function askedAbout(tx: Tx, faces: HeldFace[], personId?: number): Promise<Asked[]> {
  const rows = await tx.execute(sql`
    select f.id, p.id as person_id, p.name, s.person_id is not distinct from p.id as suggested,
      case when s.person_id = p.id then s.similarity else 0 end as similarity,
      exists (select from rejections r where r.face_id = f.id and r.person_id = p.id) as rejected
    from faces f left join suggestions s on s.face_id = f.id
    left join lateral (
      select person_id from rejections r where r.face_id = f.id order by r.at desc limit 1) no on true
    join people p on p.id = coalesce(${personId ?? null}::bigint, s.person_id, f.person_id,
      no.person_id)
    where f.id = any(${sql.param(faces.map(({ id }) => id))}::bigint[])
    order by f.id`);
  const found = new Map(rows.map((row) => [Number(row.id), row]));
  return faces.map((face) => {
    const row = found.get(face.id);
    if (!row) {
      throw new PeopleFault(
        "missing",
        "no_suggestion",
        `Nobody is suggested for face ${face.id}; reload the page to see what is open`,
      );
    }
    return {
      face,
      personId: Number(row.person_id),
      name: row.name as string | null,
      suggested: row.suggested as boolean,
      similarity: row.similarity as number,
      rejected: row.rejected as boolean,
    };
  });
}

const isSaid = ({ confirmed, personId }: HeldFace) => confirmed && personId !== null;

/** Whether a face has been given this answer (so) or another one (elsewhere). */
function standingOf(
  { face, personId, rejected }: Asked,
  answer: "yes" | "no",
): "unanswered" | "elsewhere" | "so" {
  const said = isSaid(face);
  const theirs = said && face.personId === personId;
  if (answer === "yes" ? theirs : rejected && !theirs) return "so";
  const otherwise = answer === "yes" ? said || rejected || face.notAFace : theirs;
  return otherwise ? "elsewhere" : "unanswered";
}

/** Of faces of one photo the likeliest, and none where the person is by somebody's word. */
async function oncePerPhoto(tx: Tx, asked: Asked[]): Promise<Asked[]> {
  const free = await permitted(tx, asked.map((one) => ({ ...one, faceId: one.face.id })));
  const taken = new Set<string>();
  return free.toSorted((a, b) => b.similarity - a.similarity || a.faceId - b.faceId)
    .filter(({ face, personId }) => {
      const place = `${face.photoId} ${face.model} ${personId}`;
      if (taken.has(place)) return false;
      taken.add(place);
      return true;
    });
}

/** The fault for faces none of which this answer can be given. */
async function faultOf(
  tx: Tx,
  { elsewhere: [one], unanswered }: { elsewhere: Asked[]; unanswered: Asked[] },
): Promise<PeopleFault> {
  if (!one) {
    const [{ face, name }] = unanswered;
    return new PeopleFault(
      "conflict",
      "on_photo",
      `Face ${face.id} is on a photo with another face of ${titleOf(name)}; ` +
        "if both are the same person, as in a mirror, name it on the photo",
    );
  }
  const { face, personId, name, rejected } = one;
  await refuseNotAFace(tx, [face]);
  const said = isSaid(face);
  const change = rejected && !said
    ? await lastChangeOf(tx, "rejections", `${face.id} ${personId}`)
    : await lastChangeOf(tx, "faces", String(face.id));
  const is = !said ? "is not" : face.personId === personId ? "is" : "is somebody else than";
  return new PeopleFault(
    "conflict",
    "already_answered",
    `Face ${face.id} has been answered: it ${is} ${titleOf(name)}` +
      `${change === null ? "" : `, since ${quoted(change)}`}; undo that to answer anew`,
  );
}

async function skip(tx: Tx, asked: Asked[]) {
  const open = asked.filter(({ suggested }) => suggested).map(({ face }) => face.id);
  const [{ count }] = await tx.execute<{ count: number }>(sql`
    with put as (
      update suggestions set skipped_at = now()
      where face_id = any(${sql.param(open)}::bigint[]) and skipped_at is null returning face_id
    ) select count(*)::int as count from put`);
  return { faces: count, message: `Skipped ${facesOf(count)}` };
}
