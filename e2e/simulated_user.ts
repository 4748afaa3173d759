import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import {
  answerProposal,
  answerSuggestions,
  assignFaces,
  nameCluster,
  splitFaces,
} from "../jobs/people/actions.ts";
import { matchStale } from "../jobs/people/match_stale.ts";
import type { SimulatedFaces } from "./simulated_faces.ts";
import { groupSimulated } from "./simulated_library.ts";

const BY = "the simulated user";

/** Suggestions of one person that a page of the review shows. */
const VISIBLE = 24;

/** What has been done until a share of the faces carried the right name. */
export interface Milestone {
  share: number;
  /** Names given to somebody who had none. */
  namings: number;
  /** Everything else: splits, joins, yes and no; for all visible ones together is one. */
  answers: number;
}

export interface Outcome {
  people: number;
  milestones: Milestone[];
  /** Faces that the program ever gave to somebody who they are not. */
  wrong: number;
  /** At the end. */
  share: number;
  namings: number;
  answers: number;
  /** Faces that got their person by the program, at the end. */
  automatic: number;
  questions: { asked: number; right: number };
  /** What each deed took, in milliseconds, and each look of a worker through the library. */
  deeds: number[];
  looks: number[];
}

/**
 * Somebody who knows everybody in the library, looks at what the pages show and says what is true.
 * First they name the unnamed clusters, the largest first: faces that are somebody else's are picked
 * out before, and a cluster of somebody who has a name is joined to them. Then they answer questions
 * about whole clusters, then suggestions, person by person, the best first: yes for all visible ones
 * if all are right, otherwise no to those that are not. People without any cluster get their name on
 * a photo. Between two deeds a worker looks through the library, as it does within a second or two.
 */
export async function simulateUser(
  db: Db,
  library: SimulatedFaces,
  { shares, said = () => {} }: { shares: number[]; said?: (line: string) => void },
): Promise<Outcome> {
  const user = createUser(db, library, { shares, said });
  await nameClusters(db, user);
  await answerProposals(db, user);
  await nameTheRest(db, user);
  await answerAll(db, user);
  await groupSimulated(db, library);
  await user.lookAround("the library was grouped again");
  await nameClusters(db, user);
  await answerProposals(db, user);
  await answerAll(db, user);
  return await user.outcome();
}

type User = ReturnType<typeof createUser>;

function createUser(
  db: Db,
  { people, truth }: SimulatedFaces,
  { shares, said }: { shares: number[]; said: (line: string) => void },
) {
  const total = truth.filter((person) => person >= 0).length;
  const wrong = new Set<string>();
  const milestones: Milestone[] = [];
  let namings = 0, answers = 0;
  const questions = { asked: 0, right: 0 };
  const deeds: number[] = [], looks: number[] = [];
  const timed = async (work: () => Promise<unknown>, into: number[]) => {
    const began = performance.now();
    await work();
    into.push(performance.now() - began);
  };
  const lookAround = async (deed: string) => {
    await timed(async () => {
      while (await matchStale(db, new AbortController().signal));
    }, looks);
    const mistaken = await db.execute<{ face: string; person: string; similarity: number }>(sql`
      select f.id as face, p.name || ', who is ' || t.person as person, f.similarity
      from faces f join people p on p.id = f.person_id join truth t on t.face_id = f.id
      where not f.confirmed and p.name is distinct from 'Person ' || t.person`);
    for (const { face, person, similarity } of mistaken) {
      if (!wrong.has(`${face} ${person}`)) said(`wrong: face ${face} is ${person}: ${similarity}`);
      wrong.add(`${face} ${person}`);
    }
    const share = await rightShare();
    for (const wanted of shares) {
      if (share < wanted || milestones.some((one) => one.share === wanted)) continue;
      milestones.push({ share: wanted, namings, answers });
      said(`${Math.round(wanted * 100)} % after ${namings} names and ${answers} answers: ${deed}`);
    }
  };
  const rightShare = async () => {
    const [{ right }] = await db.execute<{ right: number }>(sql`
      select count(*)::int as right from faces f join people p on p.id = f.person_id
        join truth t on t.face_id = f.id
      where p.name = 'Person ' || t.person`);
    return right / total;
  };
  return {
    questions,
    lookAround,
    async names(deed: string, work: () => Promise<unknown>) {
      await timed(work, deeds);
      namings++;
      await lookAround(deed);
    },
    async answers(deed: string, work: () => Promise<unknown>) {
      await timed(work, deeds);
      answers++;
      said(deed);
      await lookAround(deed);
    },
    async outcome(): Promise<Outcome> {
      const [{ automatic }] = await db.execute<{ automatic: number }>(sql`
        select count(*)::int as automatic from faces
        where person_id is not null and not confirmed`);
      const share = await rightShare();
      return {
        people,
        milestones,
        wrong: wrong.size,
        share,
        namings,
        answers,
        automatic,
        questions,
        deeds,
        looks,
      };
    },
  };
}

async function personOf(db: Db, truth: number): Promise<number | null> {
  const [row] = await db.execute<{ id: string }>(sql`
    select id from people where name = ${`Person ${truth}`}`);
  return row ? Number(row.id) : null;
}

async function nameClusters(db: Db, user: User): Promise<void> {
  const looked = new Set<number>();
  for (;;) {
    const next = await nextCluster(db, looked);
    if (!next) return;
    looked.add(next.id);
    const { id, members } = next;
    const [[person, own]] = [...Map.groupBy(members, (face) => face.truth)]
      .sort((a, b) => b[1].length - a[1].length);
    // Somebody seen once has nobody to be named after.
    if (person < 0 || own.length < 2) continue;
    const others = members.filter(({ truth }) => truth !== person);
    if (others.length > 0) {
      await user.answers(
        `split ${others.length} off a cluster of ${members.length}`,
        () => splitFaces(db, { faceIds: others.map(({ faceId }) => faceId) }, BY),
      );
    }
    const known = await personOf(db, person);
    if (known === null) {
      await user.names(
        `named a cluster of ${own.length}`,
        () => nameCluster(db, { clusterId: id, to: { name: `Person ${person}` } }, BY),
      );
    } else {
      await user.answers(
        `joined a cluster of ${own.length} to somebody`,
        () => nameCluster(db, { clusterId: id, to: { personId: known } }, BY),
      );
    }
  }
}

async function nextCluster(db: Db, looked: ReadonlySet<number>) {
  const [row] = await db.execute<{ id: string; members: { faceId: number; truth: number }[] }>(sql`
    select c.id, (select json_agg(json_build_object('faceId', f.id, 'truth', t.person) order by f.id)
      from faces f join truth t on t.face_id = f.id where f.cluster_id = c.id) as members
    from clusters c where not c.id = any(${sql.param([...looked])}::bigint[])
    order by c.size desc, c.id limit 1`);
  return row ? { id: Number(row.id), members: row.members } : null;
}

async function answerProposals(db: Db, user: User): Promise<void> {
  for (;;) {
    const [row] = await db.execute<{ id: string; right: boolean; kind: string }>(sql`
      select r.id, r.kind, case r.kind when 'split'
          then (select bool_and(p.name <> 'Person ' || t.person) from truth t
            where t.face_id = any(r.face_ids))
          else (select bool_and(coalesce(q.name, p.name) = 'Person ' || t.person) from truth t
            where t.face_id = any(r.face_ids)) end as right
      from proposals r join people p on p.id = r.person_id left join people q on q.id = r.to_person_id
      where r.answer is null order by r.id limit 1`);
    if (!row) return;
    const answer = row.right ? "yes" : "no";
    await user.answers(
      `answered ${answer} to "${row.kind}"`,
      () => answerProposal(db, { proposalId: Number(row.id), answer }, BY),
    );
  }
}

async function nameTheRest(db: Db, user: User): Promise<void> {
  for (;;) {
    const [row] = await db.execute<{ face: string; truth: number }>(sql`
      select min(t.face_id) as face, t.person as truth from truth t
      where t.person >= 0 and not exists (select from people p where p.name = 'Person ' || t.person)
      group by t.person order by 1 limit 1`);
    if (!row) return;
    const to = { name: `Person ${row.truth}` };
    await user.names(
      "named a face on a photo",
      () => assignFaces(db, { faceIds: [Number(row.face)], to }, BY),
    );
  }
}

async function answerAll(db: Db, user: User): Promise<void> {
  for (;;) {
    const visible = await nextSuggestions(db);
    if (visible.length === 0) return;
    // Every answer may decide others: what is shown next is looked at anew.
    const wrong = visible.find((one) => !one.right);
    const answered = wrong ? [wrong] : visible;
    const answer = wrong ? "no" : "yes";
    const faceIds = answered.map(({ faceId }) => faceId);
    user.questions.asked += answered.length;
    if (!wrong) user.questions.right += answered.length;
    await user.answers(
      `answered ${answer} to ${answered.length} suggestions`,
      () => answerSuggestions(db, { faceIds, answer }, BY),
    );
  }
}

/** The first page of the review: the person with the best suggestion, and those of theirs. */
async function nextSuggestions(db: Db): Promise<{ faceId: number; right: boolean }[]> {
  const rows = await db.execute<{ face: string; right: boolean }>(sql`
    select s.face_id as face, p.name = 'Person ' || t.person as right
    from suggestions s join people p on p.id = s.person_id join truth t on t.face_id = s.face_id
    where s.person_id = (select person_id from suggestions
      order by similarity desc, face_id limit 1)
    order by s.similarity desc, s.face_id limit ${VISIBLE}`);
  return rows.map(({ face, right }) => ({ faceId: Number(face), right }));
}
