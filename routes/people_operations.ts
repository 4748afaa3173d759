import type { ZodType } from "zod";
import * as Api from "./api_schemas.ts";
import { all, one, type Operation } from "./operation.ts";

/** An action that changes people or faces; the reply tells what it did, and its id for undoing it. */
const action = (summary: string, body: ZodType, { path }: { path?: ZodType } = {}): Operation => ({
  summary,
  path,
  body,
  replies: { 200: Api.Change },
});

/** One that may make something: a person, a cluster, a face. */
const making = (summary: string, body: ZodType, { path }: { path?: ZodType } = {}): Operation => ({
  ...action(summary, body, { path }),
  replies: { 201: Api.Change, 200: Api.Change },
});

const byId = { path: Api.IdParam };

/** The routes of people and their faces, as OPERATIONS has all of them. */
export const PEOPLE_OPERATIONS: Record<string, Operation> = {
  "GET /api/v1/people": all("People, those on most photos first", Api.People, {
    query: Api.PeopleQuery,
  }),
  "POST /api/v1/people": making("Give faces to a new person", Api.NewPerson),
  "GET /api/v1/people/names": all("Whom a name that is being typed may mean", Api.Names, {
    query: Api.NamesQuery,
  }),
  "GET /api/v1/people/:id": one("Somebody, and with whom they appear", Api.PersonDetail),
  "PATCH /api/v1/people/:id": action(
    "Change the name or the cover, or make somebody a stranger or known again",
    Api.PersonPatch,
    byId,
  ),
  "DELETE /api/v1/people/:id": one(
    "Delete a person; their faces stay, and are nobody's",
    Api.Change,
  ),
  "GET /api/v1/people/:id/faces": one("Somebody's faces, the latest first", Api.PersonFaces, {
    query: Api.PersonFacesQuery,
  }),
  "POST /api/v1/people/:id/merge": action("Add another person's faces", Api.Merge, byId),
  "GET /api/v1/clusters": all(
    "Unnamed faces that belong together, the largest first",
    Api.Clusters,
    { query: Api.ClustersQuery },
  ),
  "POST /api/v1/clusters/merge": making(
    "Several clusters are one person, whose name is not known yet",
    Api.ClusterMerge,
  ),
  "GET /api/v1/clusters/:id": one("One cluster with its best faces, 200 at most", Api.Cluster),
  "PATCH /api/v1/clusters/:id": action(
    "Choose the face that stands for it",
    Api.ClusterPatch,
    byId,
  ),
  "GET /api/v1/clusters/:id/faces": one("Its faces, the best first", Api.ClusterFaces, {
    query: Api.ClusterFacesQuery,
  }),
  "POST /api/v1/clusters/:id/name": making(
    "Give all its faces to a person, existing or new",
    Api.ClusterName,
    byId,
  ),
  "POST /api/v1/clusters/:id/split": making(
    "Take out the faces that are somebody else's",
    Api.FacePick,
    byId,
  ),
  "POST /api/v1/clusters/:id/hide": action(
    "They are a stranger's, or no faces",
    Api.Hide,
    byId,
  ),
  "GET /api/v1/faces/:id": one("A face, and whose it is or may be", Api.Face),
  "DELETE /api/v1/faces/:id": one("Say that it is no face", Api.Change),
  "POST /api/v1/faces": making("Add a face by its box", Api.DrawnFace),
  "POST /api/v1/faces/assign": making(
    "Say whose faces they are: an existing person's, or a new one's",
    Api.FacesAssign,
  ),
  "POST /api/v1/faces/reject": action(
    "Say whose they are not: a person's, or those of whom they are suggested to be; remembered",
    Api.FacesReject,
  ),
  "POST /api/v1/faces/release": action(
    "Take faces off their person; remembered",
    Api.FacesRelease,
  ),
  "POST /api/v1/faces/move": making(
    "Move faces to a person, existing or new, or to a cluster",
    Api.FacesMove,
  ),
  "POST /api/v1/faces/hide": action("They are a stranger's, or no faces", Api.FacesHide),
  "GET /api/v1/suggestions": all(
    "Faces that are likely somebody's, the best first, skipped ones last",
    Api.Suggestions,
    { query: Api.SuggestionsQuery },
  ),
  "GET /api/v1/suggestions/people": all(
    "The same by person, those with most first",
    Api.Review,
    { query: Api.ReviewQuery },
  ),
  "POST /api/v1/suggestions/answer": action(
    "Say yes, no, or neither, of faces that are suggested for somebody",
    Api.SuggestionAnswer,
  ),
  "GET /api/v1/proposals": all(
    "What a grouping would change about people, the oldest first",
    Api.Proposals,
    { query: Api.ListQuery },
  ),
  "POST /api/v1/proposals/:id/answer": action("Say yes or no", Api.ProposalAnswer, byId),
  "GET /api/v1/changes": all("What was done to people and faces, newest first", Api.Changes, {
    query: Api.ChangesQuery,
  }),
  "POST /api/v1/changes/undo": action("Undo a change, or the last one", Api.Undo),
};
