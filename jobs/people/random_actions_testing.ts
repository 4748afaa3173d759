import { sql } from "drizzle-orm";
import fc from "fast-check";
import type { Db } from "../../db/client.ts";
import { lockClusters, mendClusters } from "../store_clusters.ts";
import * as Actions from "./actions.ts";
import type { Change } from "./actions.ts";

/** Things somebody may do, whatever there is: places are taken modulo how many there are. */
export interface Wish {
  action: ActionName;
  /** Places among the faces; which of them count, and how many, differs by action. */
  faces: number[];
  one: number;
  other: number;
  /** 0 somebody there is, 1 a new name, 2 a new one without a name. */
  whose: number;
  answer: "yes" | "no" | "skip";
  as: "stranger" | "not_a_face";
}

type Doing = (db: Db, there: There, wish: Wish) => { faces: number[]; change: Promise<Change> };

interface There {
  faces: {
    id: number;
    photo: number;
    cluster: number | null;
    person: number | null;
    confirmed: boolean;
  }[];
  noes: { face: number; person: number }[];
  people: number[];
  hidden: number[];
  clusters: number[];
  photos: number[];
  suggestions: { face: number; person: number }[];
  proposals: { id: number; faces: number[] }[];
}

const BY = "somebody";
const at = <T>(all: T[], place: number): T | undefined => all[place % Math.max(1, all.length)];
/** An id that nothing has. */
const NONE = 999_999;

const picked = (there: There, { faces }: Wish): number[] =>
  faces.map((place) => at(there.faces, place)?.id ?? NONE);
const clusterOf = (there: There, place: number) => at(there.clusters, place) ?? NONE;
const personOf = (there: There, place: number) => at(there.people, place) ?? NONE;
const target = (there: There, { whose, one }: Wish): Actions.Target => {
  if (whose === 0) return { personId: personOf(there, one) };
  return whose === 1 ? { name: `N${one % 3}` } : { unnamed: true };
};
const facesIn = (there: There, cluster: number) =>
  there.faces.filter((face) => face.cluster === cluster).map(({ id }) => id);
const facesOf = (there: There, person: number) =>
  there.faces.filter((face) => face.person === person).map(({ id }) => id);

/** What each action does, and the faces it is about: no other confirmed face may change. */
const DOINGS = {
  assignFaces: (db, there, wish) => {
    const faceIds = picked(there, wish);
    const change = Actions.assignFaces(db, { faceIds, to: target(there, wish) }, BY);
    return { faces: faceIds, change };
  },
  /** It is not this face that is somebody, but the one beside it. */
  assignBeside: (db, there, { one }) => {
    const no = at(there.noes, one);
    const denied = there.faces.find(({ id }) => id === no?.face);
    const beside = there.faces.find(({ id, photo }) => photo === denied?.photo && id !== denied.id);
    const faceIds = [beside?.id ?? NONE];
    const to = { personId: no?.person ?? NONE };
    return { faces: faceIds, change: Actions.assignFaces(db, { faceIds, to }, BY) };
  },
  moveFaces: (db, there, wish) => {
    const faceIds = picked(there, wish);
    const clusterId = clusterOf(there, wish.other);
    const to = wish.whose === 2 ? { clusterId } : target(there, wish);
    return {
      faces: [...faceIds, ...facesIn(there, clusterId)],
      change: Actions.moveFaces(db, { faceIds, to }, BY),
    };
  },
  nameCluster: (db, there, wish) => {
    const clusterId = clusterOf(there, wish.other);
    return {
      faces: facesIn(there, clusterId),
      change: Actions.nameCluster(db, { clusterId, to: target(there, wish) }, BY),
    };
  },
  mergeClusters: (db, there, { one, other }) => {
    const clusterIds = [clusterOf(there, one), clusterOf(there, other)];
    return {
      faces: clusterIds.flatMap((id) => facesIn(there, id)),
      change: Actions.mergeClusters(db, { clusterIds }, BY),
    };
  },
  releaseFaces: (db, there, wish) => {
    const faceIds = picked(there, wish);
    const personId = wish.whose === 0 ? personOf(there, wish.other) : undefined;
    return { faces: faceIds, change: Actions.releaseFaces(db, { faceIds, personId }, BY) };
  },
  splitFaces: (db, there, { one, other, faces }) => {
    const all = one % 2 === 0
      ? facesIn(there, clusterOf(there, other))
      : facesOf(there, personOf(there, other));
    const faceIds = all.filter((_, place) => place < faces.length);
    if (faceIds.length === 0) faceIds.push(NONE);
    return { faces: faceIds, change: Actions.splitFaces(db, { faceIds }, BY) };
  },
  mergePeople: (db, there, { one, other }) => {
    const [from, into] = [personOf(there, one), personOf(there, other)];
    return {
      faces: facesOf(there, from),
      change: Actions.mergePeople(db, { from, into }, BY),
    };
  },
  hideCluster: (db, there, { one, as }) => {
    const clusterId = clusterOf(there, one);
    return {
      faces: facesIn(there, clusterId),
      change: Actions.hideCluster(db, { clusterId, as }, BY),
    };
  },
  hideFaces: (db, there, wish) => {
    const faceIds = picked(there, wish);
    return { faces: faceIds, change: Actions.hideFaces(db, { faceIds, as: wish.as }, BY) };
  },
  removeFace: (db, there, { one }) => {
    const faceId = at(there.faces, one)?.id ?? NONE;
    return { faces: [faceId], change: Actions.removeFace(db, { faceId }, BY) };
  },
  renamePerson: (db, there, { one, other }) => {
    const personId = personOf(there, one);
    return {
      faces: [],
      change: Actions.renamePerson(db, { personId, name: `N${other % 4}` }, BY),
    };
  },
  hidePerson: (db, there, { one }) => ({
    faces: [],
    change: Actions.hidePerson(db, { personId: personOf(there, one) }, BY),
  }),
  showPerson: (db, there, { one }) => ({
    faces: [],
    change: Actions.showPerson(db, { personId: at(there.hidden, one) ?? NONE }, BY),
  }),
  setCover: (db, there, { one, other }) => {
    const personId = personOf(there, one);
    const faceId = at(facesOf(there, personId), other) ?? NONE;
    return { faces: [], change: Actions.setCover(db, { personId, faceId }, BY) };
  },
  setClusterCover: (db, there, { one, other }) => {
    const clusterId = at(there.clusters, one) ?? NONE;
    const faceId = at(facesIn(there, clusterId), other) ?? NONE;
    return { faces: [], change: Actions.setClusterCover(db, { clusterId, faceId }, BY) };
  },
  deletePerson: (db, there, { one }) => {
    const personId = personOf(there, one);
    return {
      faces: facesOf(there, personId),
      change: Actions.deletePerson(db, { personId }, BY),
    };
  },
  drawFace: (db, there, wish) => {
    const photoId = at(there.photos, wish.other) ?? NONE;
    const box = [0.9, (wish.faces.length % 4) / 5, 0.1, 0.1];
    const change = Actions.drawFace(db, { photoId, box, to: target(there, wish) }, BY);
    return { faces: [], change };
  },
  answerSuggestions: (db, there, { faces, answer }) => {
    const faceIds = faces.map((place) => at(there.suggestions, place)?.face ?? NONE);
    return { faces: faceIds, change: Actions.answerSuggestions(db, { faceIds, answer }, BY) };
  },
  answerProposal: (db, there, { one, answer }) => {
    const proposal = at(there.proposals, one);
    return {
      faces: proposal?.faces ?? [],
      change: Actions.answerProposal(db, {
        proposalId: proposal?.id ?? NONE,
        answer: answer === "no" ? "no" : "yes",
      }, BY),
    };
  },
} satisfies Record<string, Doing>;

export type ActionName = keyof typeof DOINGS;
export const ACTION_NAMES = Object.keys(DOINGS) as ActionName[];

const place = fc.nat({ max: 1000 });

export const wish: fc.Arbitrary<Wish> = fc.record({
  action: fc.constantFrom(...ACTION_NAMES),
  faces: fc.uniqueArray(place, { minLength: 1, maxLength: 4 }),
  one: place,
  other: place,
  whose: fc.nat({ max: 2 }),
  answer: fc.constantFrom("yes", "no", "skip"),
  as: fc.constantFrom("stranger", "not_a_face"),
});

/** Does what is wished with what there is at this moment. */
export async function fulfil(db: Db, wish: Wish): Promise<{ faces: number[]; change: Change }> {
  const doing: Doing = DOINGS[wish.action];
  const { faces, change } = doing(db, await lookAround(db), wish);
  return { faces, change: await change };
}

async function lookAround(db: Db): Promise<There> {
  const [row] = await db.execute(sql`
    select (select json_agg(f order by f.id) from (select id, photo_id as photo,
        cluster_id as cluster, person_id as person, confirmed from faces) f) as faces,
      (select json_agg(n order by n.face, n.person) from
        (select face_id as face, person_id as person from rejections) n) as noes,
      (select json_agg(id order by id) from people) as people,
      (select json_agg(id order by id) from people where hidden) as hidden,
      (select json_agg(id order by id) from clusters) as clusters,
      (select json_agg(id order by id) from photos) as photos,
      (select json_agg(s order by s.face) from
        (select face_id as face, person_id as person from suggestions) s) as suggestions,
      (select json_agg(p order by p.id) from
        (select id, face_ids as faces from proposals where answer is null) p) as proposals`);
  return Object.fromEntries(
    Object.entries(row).map(([name, all]) => [name, all ?? []]),
  ) as unknown as There;
}

/** What the program does by itself between two clicks. */
export type Machine = { machine: "group" | "give" | "lose" | "forget"; one: number; other: number };

export const machine: fc.Arbitrary<Machine> = fc.record({
  machine: fc.constantFrom("group", "give", "lose", "forget"),
  one: place,
  other: place,
});

/** Clusters anew, a face given or let go, a face or a suggestion lost; nothing is written down. */
export async function letWork(db: Db, { machine, one, other }: Machine): Promise<void> {
  const there = await lookAround(db);
  await db.transaction(async (tx) => {
    await lockClusters(tx);
    const free = there.faces.filter((face) => !face.confirmed);
    const face = at(free, one);
    if (machine === "forget") {
      await tx.execute(sql`delete from suggestions where face_id = ${face?.id ?? NONE}`);
    } else if (machine === "lose" && face) {
      await tx.execute(sql`delete from faces where id = ${face.id}`);
    } else if (machine === "give" && face) {
      const personId = face.person === null ? at(there.people, other) : undefined;
      await tx.execute(sql`
        update faces set person_id = ${personId ?? null}, cluster_id = null,
          similarity = ${personId === undefined ? null : 0.9}
        where id = ${face.id} and not not_a_face and not exists (select from rejections
          where face_id = ${face.id} and person_id = ${personId ?? null})`);
      await tx.execute(sql`delete from suggestions s using faces f
        where f.id = s.face_id and f.person_id is not null`);
    } else if (machine === "group") {
      const size = 2 + other % 3;
      await tx.execute(sql`
        with free as (
          select id, (row_number() over (order by id) + ${one % 7}) / ${size} as part from faces
          where person_id is null and not not_a_face and model <> 'drawn'
        ), made as (
          insert into clusters (model, size, cover_face_id)
          select 'test-faces', count(*), min(id) from free group by part returning id, cover_face_id
        )
        update faces f set cluster_id = m.id from free x
        join (select part, min(id) as cover from free group by part) p on p.part = x.part
        join made m on m.cover_face_id = p.cover where f.id = x.id`);
    }
    const ids = await tx.execute<{ id: string }>(sql`select id from clusters`);
    await mendClusters(tx, ids.map(({ id }) => Number(id)));
  });
}
