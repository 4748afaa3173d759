import { membersOf } from "../clustering/disjoint_sets.ts";
import type { ProposalKind } from "../../db/schema.ts";

/** What is known of the faces of a grouping at the moment when it is stored, face by face. */
export interface FaceStates {
  /** Whose it is, by id; 0: nobody's. */
  people: Float64Array;
  /** 1: somebody said so. */
  confirmed: Uint8Array;
  /** 1: deleted meanwhile, or said to be no face. */
  gone: Uint8Array;
}

/** A person as a grouping meets them. */
export interface Party {
  /** A stranger: recognised, never asked about. */
  hidden: boolean;
  /** Cosines to the nearest prototype. */
  certain: number;
  likely: number;
}

export interface Judge {
  /** Null for somebody who is not there any more. */
  party(personId: number): Party | null;
  /** Cosines of faces to the person's nearest prototype. */
  similarities(faces: number[], personId: number): Promise<number[]>;
}

/** A question to somebody; faces are places in the grouping. */
export interface Candidate {
  kind: ProposalKind;
  personId: number;
  toPersonId: number | null;
  faces: number[];
  /** Per face, the cosine to the nearest prototype of the person it would go to, or leave. */
  similarities: number[];
}

/** A face that is a stranger's for certain. */
export interface Recognised {
  face: number;
  personId: number;
  similarity: number;
}

export interface Outcome {
  /** Faces of each group without a person. */
  groups: number[][];
  candidates: Candidate[];
  recognised: Recognised[];
}

/** A group or a question to join somebody is about two faces or more: single ones are matched. */
const FEWEST = 2;

/**
 * What a grouping says about people. Of every group, the faces without a person make a group of
 * their own. If somebody's confirmed faces are in it, they are probably theirs ("joined"), and so
 * are those of others that the program had assigned ("moved"). Without confirmed faces, those that
 * the program gave to somebody have the others joined to them if these are likely theirs, otherwise
 * they are probably not that person's ("split"), as long as the confirmed ones are in another group.
 * With a stranger goes who is certain, silently; nobody is asked about one. Where somebody named
 * faces while the grouping ran, so that two people's are in one group, nothing is said about people.
 * `pause` is waited for group by group.
 */
export async function propose(
  { labels, faces }: { labels: Int32Array; faces: FaceStates },
  judge: Judge,
  pause: () => Promise<void>,
): Promise<Outcome> {
  const outcome: Outcome = { groups: [], candidates: [], recognised: [] };
  const homes = homesOf(labels, faces);
  for (const members of groupsOf(labels)) {
    await pause();
    const group = sortOut(members, faces);
    if (group.owners.length === 1) await askForOwner(group, judge, outcome);
    else if (group.owners.length === 0 && group.assigned.size > 0) {
      const label = labels[members[0]];
      const isElsewhere = (id: number) => [...homes.get(id) ?? []].some((home) => home !== label);
      await askWithoutOwner(group, { judge, isElsewhere }, outcome);
    } else addGroup(group.free, outcome);
  }
  return outcome;
}

interface Group {
  /** People with confirmed faces in it. */
  owners: number[];
  /** Faces without a person. */
  free: number[];
  /** Faces that the program gave to somebody, by person. */
  assigned: Map<number, number[]>;
}

function* groupsOf(labels: Int32Array): Generator<Int32Array> {
  const count = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const of = labels.map((label) => label < 0 ? count : label);
  const { starts, members } = membersOf({ of, count: count + 1 });
  for (let label = 0; label < count; label++) {
    if (starts[label] < starts[label + 1]) yield members.subarray(starts[label], starts[label + 1]);
  }
}

/** By person, the labels in which their confirmed faces are. */
function homesOf(labels: Int32Array, { people, confirmed }: FaceStates): Map<number, Set<number>> {
  const homes = new Map<number, Set<number>>();
  for (let face = 0; face < labels.length; face++) {
    if (labels[face] < 0 || !confirmed[face] || people[face] === 0) continue;
    const known = homes.get(people[face]) ?? new Set();
    homes.set(people[face], known.add(labels[face]));
  }
  return homes;
}

function sortOut(members: Int32Array, { people, confirmed, gone }: FaceStates): Group {
  const owners = new Set<number>();
  const group: Group = { owners: [], free: [], assigned: new Map() };
  for (const face of members) {
    const person = people[face];
    if (gone[face]) continue;
    if (person === 0) group.free.push(face);
    else if (confirmed[face]) owners.add(person);
    else {
      const some = group.assigned.get(person) ?? [];
      some.push(face);
      group.assigned.set(person, some);
    }
  }
  return { ...group, owners: [...owners] };
}

async function askForOwner(
  { owners: [owner], free, assigned }: Group,
  judge: Judge,
  outcome: Outcome,
): Promise<void> {
  const party = judge.party(owner);
  let rest = free;
  if (party?.hidden) {
    const similarities = await judge.similarities(free, owner);
    free.forEach((face, at) => {
      if (similarities[at] < party.certain) return;
      outcome.recognised.push({ face, personId: owner, similarity: similarities[at] });
    });
    rest = free.filter((_, at) => similarities[at] < party.certain);
  }
  addGroup(rest, outcome);
  if (!party) return;
  if (!party.hidden && rest.length >= FEWEST) {
    outcome.candidates.push(await asked({ kind: "joined", personId: owner, faces: rest }, judge));
  }
  for (const [personId, faces] of assigned) {
    if (personId === owner) continue;
    if (!party.hidden) {
      const question = { kind: "moved" as const, personId, toPersonId: owner, faces };
      outcome.candidates.push(await asked(question, judge));
    } else if (isAskedAbout(personId, judge)) {
      outcome.candidates.push(await asked({ kind: "split", personId, faces }, judge));
    }
  }
}

async function askWithoutOwner(
  { free, assigned }: Group,
  { judge, isElsewhere }: { judge: Judge; isElsewhere(personId: number): boolean },
  outcome: Outcome,
): Promise<void> {
  addGroup(free, outcome);
  if (free.length < FEWEST) return;
  const people = [...assigned].filter(([personId]) => isAskedAbout(personId, judge))
    .sort(([a, some], [b, others]) => others.length - some.length || a - b);
  if (people.length > 0) {
    const [[personId]] = people;
    const question = await asked({ kind: "joined", personId, faces: free }, judge);
    if (mean(question.similarities) >= judge.party(personId)!.likely) {
      outcome.candidates.push(question);
      return;
    }
  }
  for (const [personId, faces] of people) {
    if (isElsewhere(personId)) {
      outcome.candidates.push(await asked({ kind: "split", personId, faces }, judge));
    }
  }
}

const isAskedAbout = (personId: number, judge: Judge) => judge.party(personId)?.hidden === false;

async function asked(
  { kind, personId, toPersonId = null, faces }: {
    kind: ProposalKind;
    personId: number;
    toPersonId?: number | null;
    faces: number[];
  },
  judge: Judge,
): Promise<Candidate> {
  const similarities = await judge.similarities(faces, toPersonId ?? personId);
  return { kind, personId, toPersonId, faces, similarities };
}

function addGroup(faces: number[], { groups }: Outcome) {
  if (faces.length >= FEWEST) groups.push(faces);
}

/** The mean of some numbers; NaN of none. */
export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
