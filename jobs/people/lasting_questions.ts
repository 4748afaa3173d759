import { placesOf } from "./grouping_constraints.ts";
import type { Judge } from "./propose.ts";
import type { OpenProposal, Question } from "./store_proposals.ts";

/**
 * Of the open proposals to join somebody, those that a grouping leaves as good as they were: all
 * their faces are in one group still, which is likely that person's by their similarity, and the
 * grouping has no question of its own about any of them. The matching makes such proposals, of
 * which a grouping knows nothing. `groups` holds the group of each of `ids`, or −1.
 */
export function lastingQuestions(
  open: OpenProposal[],
  { ids, groups, questions, judge }: {
    ids: number[];
    groups: Int32Array;
    questions: Question[];
    judge: Pick<Judge, "party">;
  },
): Question[] {
  const asked = new Set(questions.flatMap(({ faceIds }) => faceIds));
  return open.filter(({ kind, personId, faceIds, similarity }) => {
    if (kind !== "joined" || faceIds.some((id) => asked.has(id))) return false;
    const party = judge.party(personId);
    if (!party || party.hidden || similarity < party.likely) return false;
    const places = placesOf(faceIds, ids);
    const homes = new Set(Array.from(places, (at) => groups[at]));
    return places.length === faceIds.length && homes.size === 1 && !homes.has(-1);
  }).map(({ kind, personId, toPersonId, faceIds, similarity }) => ({
    kind,
    personId,
    toPersonId,
    faceIds,
    similarities: faceIds.map(() => similarity),
  }));
}
