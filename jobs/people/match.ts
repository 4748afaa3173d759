import type { Candidate, Known, Likeness } from "./score.ts";

/** A face without a person that somebody confirmed. */
export interface Wanting extends Likeness {
  id: number;
  photoId: number;
}

/** What else is known of the faces and their photos; see surroundings.ts, which reads it. */
export interface Surroundings {
  /** By face: people somebody said it is not. */
  rejected: ReadonlyMap<number, ReadonlySet<number>>;
  /** By photo: its other faces that have a person. */
  occupants: ReadonlyMap<number, readonly Occupant[]>;
  /** By face: on which sides of which splits it is. */
  sides: ReadonlyMap<number, readonly Side[]>;
  /** By sideKey: people of the other faces on that side of the split. */
  peopleOfSide: ReadonlyMap<string, ReadonlySet<number>>;
}

export interface Occupant {
  faceId: number;
  personId: number;
  /** Null: somebody confirmed it. */
  similarity: number | null;
}

export interface Side {
  splitId: number;
  /** 0 or 1. */
  side: number;
}

export interface Decision {
  faceId: number;
  personId: number;
  similarity: number;
  /** True: to be assigned; false: to be asked about. */
  certain: boolean;
}

export interface Decisions {
  /** At most one a face. */
  made: Decision[];
  /** Faces of `occupants` that lose their person to a likelier face of their photo. */
  displaced: number[];
}

/**
 * How much nearer a face must be to its person than to the next: less than that is a matter of the
 * light. Twins differ by more, once both are known.
 */
export const MARGIN = 0.08;

export const sideKey = ({ splitId, side }: Side) => `${splitId} ${side}`;

/**
 * Says which person each face is, is likely, or neither. Likely is a face whose three nearest
 * prototypes of a person are on average as near as `likely`: of 10,000 faces of a made library, that
 * asked about 26 who were nobody known, the nearest one alone about 202, and both found all but one
 * of the others. Certain is one whose nearest passes `certain` too, by MARGIN nearer to that person
 * than to anybody else it may be, named or not, and that is not one of two such faces in its photo.
 * No face goes to a person it was rejected for or was split from, and in one photo one face at most
 * goes to a person, the likeliest: a confirmed one stays, one that the program had assigned gives
 * way. Strangers are recognised, and never asked about. The answer does not depend on the order of
 * the faces.
 */
export function decideFaces(
  faces: readonly Wanting[],
  people: ReadonlyMap<number, Known>,
  surroundings: Surroundings,
): Decisions {
  const places = createPlaces(faces, surroundings);
  const options = faces.flatMap((face) => {
    const open = face.candidates.filter(({ personId, similarity }) =>
      places.mayBe(face, personId) && people.has(personId) && Number.isFinite(similarity)
    );
    const certain = isCertain(face, open, people);
    return open.map((candidate, rank) => ({ face, candidate, certain: certain && rank === 0 }));
  }).sort(likeliestFirst);
  const twice = certainTwice(options);
  const made = new Map<number, Decision>();
  const displaced = new Set<number>();
  for (const wanted of [true, false]) {
    for (const { face, candidate, certain } of options) {
      const { personId, similarity, support } = candidate;
      const sure = certain && !twice.has(placeKey(face.photoId, personId));
      if (sure !== wanted || made.has(face.id)) continue;
      const { hidden, likely } = people.get(personId)!;
      if (!sure && (hidden || support < likely)) continue;
      const before = places.take(face, candidate, sure);
      if (before === "taken") continue;
      for (const id of before) displaced.add(id);
      made.set(face.id, { faceId: face.id, personId, similarity, certain: sure });
    }
  }
  return { made: [...made.values()], displaced: [...displaced] };
}

interface Option {
  face: Wanting;
  candidate: Candidate;
  certain: boolean;
}

const likeliestFirst = (a: Option, b: Option) =>
  b.candidate.similarity - a.candidate.similarity || a.face.id - b.face.id ||
  a.candidate.personId - b.candidate.personId;

const placeKey = (photoId: number, personId: number) => `${photoId} ${personId}`;

function isCertain(
  { rival }: Wanting,
  [best, next]: readonly Candidate[],
  people: ReadonlyMap<number, Known>,
): boolean {
  if (!best) return false;
  const { certain, likely } = people.get(best.personId)!;
  const others = Math.max(next?.similarity ?? -1, rival);
  return best.similarity >= certain && best.support >= likely &&
    best.similarity - others >= MARGIN;
}

// Two faces of a photo that both pass as one person: one of them is somebody who looks like them.
function certainTwice(options: readonly Option[]): Set<string> {
  const best = new Map<string, number>();
  const twice = new Set<string>();
  for (const { face, candidate, certain } of options) {
    if (!certain) continue;
    const key = placeKey(face.photoId, candidate.personId);
    const before = best.get(key);
    if (before === undefined) best.set(key, candidate.similarity);
    else if (before - candidate.similarity < MARGIN) twice.add(key);
  }
  return twice;
}

/** Who is where already: in the photos, and on the sides of the splits. */
function createPlaces(faces: readonly Wanting[], surroundings: Surroundings) {
  const { rejected, occupants, sides, peopleOfSide } = surroundings;
  const deciding = new Set(faces.map(({ id }) => id));
  const taken = new Set<string>();
  const splitOff = new Map<string, Set<number>>();
  const own = (face: Wanting) => (sides.get(face.id) ?? []).map(sideKey);
  const across = (face: Wanting) =>
    (sides.get(face.id) ?? []).map(({ splitId, side }) => sideKey({ splitId, side: 1 - side }));
  const isThere = (keys: string[], personId: number) =>
    keys.some((key) => peopleOfSide.get(key)?.has(personId));
  const inPhoto = (face: Wanting, personId: number) =>
    (occupants.get(face.photoId) ?? []).filter((other) =>
      other.personId === personId && !deciding.has(other.faceId)
    );
  return {
    /** False for somebody whom a person has ruled out: such a one is no rival either. */
    mayBe(face: Wanting, personId: number): boolean {
      if (rejected.get(face.id)?.has(personId)) return false;
      // Somebody whose faces are on both sides by now was put together again after the split.
      if (isThere(across(face), personId) && !isThere(own(face), personId)) return false;
      return !inPhoto(face, personId).some(({ similarity }) => similarity === null);
    },
    /** Gives the face its place, and answers whom that displaces. */
    take(face: Wanting, { personId, similarity }: Candidate, sure: boolean): number[] | "taken" {
      const key = placeKey(face.photoId, personId);
      const there = inPhoto(face, personId);
      const likelier = there.some((other) => other.similarity! >= similarity);
      if (taken.has(key) || likelier || (!sure && there.length > 0)) return "taken";
      if (across(face).some((side) => splitOff.get(side)?.has(personId))) return "taken";
      taken.add(key);
      if (!sure) return [];
      for (const side of sides.get(face.id) ?? []) {
        const people = splitOff.get(sideKey(side)) ?? new Set();
        splitOff.set(sideKey(side), people.add(personId));
      }
      return there.map(({ faceId }) => faceId);
    },
  };
}
