import { sql } from "drizzle-orm";
import type { Db, Tx } from "../../db/client.ts";
import type { ProposalKind } from "../../db/schema.ts";
import { type Change, makeChange } from "./change.ts";
import { PeopleFault } from "./fault.ts";
import { giveFaces, takeFaces, theseFor } from "./give.ts";
import { distinct, missingFault, quoted } from "./held.ts";
import { lastChangeOf } from "./last_change.ts";
import { facesOf, titleOf } from "./names.ts";
import { permitted } from "./store_proposals.ts";

/**
 * Answers what a grouping would change about a person. joined: yes confirms the faces as theirs, no
 * is remembered of each. split: yes takes the faces off them, with a no for each, no confirms them.
 * moved: yes confirms the faces as the other person's, no is remembered about that one. Faces about
 * which somebody has said something since are left as they are, and so are those that a yes would
 * put on a photo beside another face of the same person. Throws PeopleFault: missing for a
 * proposal that is not there, conflict for one that was answered otherwise or is out of date.
 */
export function answerProposal(
  db: Db,
  { proposalId, answer }: { proposalId: number; answer: "yes" | "no" },
  by: string,
): Promise<Change> {
  return makeChange(db, { by, kind: "answered" }, async (tx) => {
    const proposal = await holdProposal(tx, proposalId);
    const { kind, person, toPerson, answered } = proposal;
    const owner = kind === "moved" ? toPerson! : person;
    const deed = { personId: owner.id };
    if (answered === answer) return { faces: 0, ...deed };
    if (answered !== null) throw await answeredFault(tx, { id: proposalId, answered });
    await tx.execute(sql`
      update proposals set answer = ${answer}, answered_at = now() where id = ${proposalId}`);
    const theirs = (answer === "yes") === (kind !== "split");
    const open = await openFaces(tx, proposal, owner.id);
    const meant = theirs ? await alone(tx, open, owner.id) : open;
    const faceIds = meant.map(({ faceId }) => faceId);
    const pairs = theseFor(faceIds, owner.id);
    const faces = theirs
      ? await giveFaces(tx, pairs)
      : await takeFaces(tx, pairs, { together: true });
    const message = theirs
      ? `Confirmed ${facesOf(faces)} of ${titleOf(owner.name)}` +
        leftOut(open.length - meant.length)
      : `Said that ${facesOf(faces)} ${faces === 1 ? "is" : "are"} not ${titleOf(owner.name)}`;
    return { faces, ...deed, message };
  });
}

interface Proposal {
  id: number;
  kind: ProposalKind;
  person: { id: number; name: string | null };
  toPerson: { id: number; name: string | null } | null;
  answered: "yes" | "no" | "superseded" | null;
}

/** The faces that the question is still about, for `owner`. */
async function openFaces(
  tx: Tx,
  { id, kind, person }: Proposal,
  owner: number,
): Promise<OpenFace[]> {
  const still = kind === "joined"
    ? sql`(f.person_id is null or not f.confirmed)`
    : sql`f.person_id = ${person.id} and not f.confirmed`;
  const rows = await tx.execute<{ id: string; photo: string }>(sql`
    select f.id, f.photo_id as photo
    from proposals pr cross join lateral unnest(pr.face_ids) as named (id)
    join faces f on f.id = named.id
    where pr.id = ${id} and ${still} and not f.not_a_face
      and not exists (select from rejections r where r.face_id = f.id and r.person_id = ${owner})`);
  return rows.map((row) => ({ faceId: Number(row.id), photoId: Number(row.photo) }));
}

interface OpenFace {
  faceId: number;
  photoId: number;
}

// Which of two faces of one photo was meant nobody knows.
async function alone(tx: Tx, faces: OpenFace[], personId: number): Promise<OpenFace[]> {
  const photos = Map.groupBy(faces, ({ photoId }) => photoId);
  const single = faces.filter(({ photoId }) => photos.get(photoId)!.length === 1);
  return await permitted(tx, single.map((face) => ({ ...face, personId })));
}

/** What messages say of faces that stay out of a yes because of another face of their photo. */
export const leftOut = (count: number): string =>
  count === 0
    ? ""
    : `; ${count} ${count === 1 ? "was" : "were"} left, since nobody is on a photo twice`;

async function holdProposal(tx: Tx, id: number): Promise<Proposal> {
  distinct([id], "proposal");
  const [row] = await tx.execute(sql`
    select pr.kind, pr.answer, p.id, p.name, t.id as to_id, t.name as to_name
    from proposals pr join people p on p.id = pr.person_id
    left join people t on t.id = pr.to_person_id
    where pr.id = ${id} for update of pr`);
  if (!row) throw await missingFault(tx, "proposals", id, "Proposal");
  return {
    id,
    kind: row.kind as ProposalKind,
    person: { id: Number(row.id), name: row.name as string | null },
    toPerson: row.to_id === null
      ? null
      : { id: Number(row.to_id), name: row.to_name as string | null },
    answered: row.answer as Proposal["answered"],
  };
}

async function answeredFault(
  tx: Tx,
  { id, answered }: { id: number; answered: "yes" | "no" | "superseded" },
): Promise<PeopleFault> {
  if (answered === "superseded") {
    return new PeopleFault(
      "conflict",
      "superseded",
      `A later grouping has taken the place of question ${id}; reload the page`,
    );
  }
  const change = await lastChangeOf(tx, "proposals", String(id));
  return new PeopleFault(
    "conflict",
    "already_answered",
    `Question ${id} was answered with ${answered}` +
      `${change === null ? "" : `: ${quoted(change)}`}; undo that to answer anew`,
  );
}
