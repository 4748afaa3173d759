import type { z } from "zod";
import type { ChangeRow } from "../db/change_queries.ts";
import type { ClusterRow } from "../db/cluster_queries.ts";
import type { FaceDetail } from "../db/face_queries.ts";
import type { PersonDetail, PersonFace, PersonRow } from "../db/people_queries.ts";
import type { ProposalRow, ReviewedPerson, SuggestionRow } from "../db/suggestion_queries.ts";
import type * as Api from "./people_schemas.ts";
import { cropUrl } from "./shapes.ts";

/** Rows in, the API's shapes out; pure. */

const covered = <T extends { coverFaceId: number | null }>(row: T) => ({
  ...row,
  coverUrl: row.coverFaceId === null ? null : cropUrl(row.coverFaceId),
});

const cropped = <T extends { id: number }>(face: T) => ({ ...face, cropUrl: cropUrl(face.id) });

export const personShape = (row: PersonRow): z.infer<typeof Api.Person> => covered(row);

export const nameShape = <T extends { coverFaceId: number | null }>(match: T) => covered(match);

export const personDetailShape = (row: PersonDetail): z.infer<typeof Api.PersonDetail> => ({
  ...covered(row),
  companions: row.companions.map(covered),
});

export const personFacesShape = (
  { faces, next }: { faces: PersonFace[]; next: string | null },
): z.infer<typeof Api.PersonFaces> => ({ items: faces.map(cropped), nextCursor: next });

export const clusterShape = (row: ClusterRow): z.infer<typeof Api.Cluster> => ({
  ...row,
  faces: facesShape(row.faces),
});

export const facesShape = (faces: ClusterRow["faces"]) => faces.map(cropped);

export const faceDetailShape = (face: FaceDetail): z.infer<typeof Api.Face> => cropped(face);

export const suggestionShape = (row: SuggestionRow) => ({ ...row, cropUrl: cropUrl(row.faceId) });

export const reviewShape = ({ person, open, best }: ReviewedPerson) => ({
  person: covered(person),
  open,
  best: best.map(suggestionShape),
});

export const proposalShape = (row: ProposalRow) => ({
  ...row,
  person: covered(row.person),
  toPerson: row.toPerson && covered(row.toPerson),
  createdAt: row.createdAt.toISOString(),
});

export const changeShape = (row: ChangeRow) => ({
  ...row,
  at: row.at.toISOString(),
  undoneAt: row.undoneAt?.toISOString() ?? null,
});
