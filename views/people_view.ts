import type { ChangeRow } from "../db/change_queries.ts";
import type { Namesake } from "../db/people_queries.ts";

/** Beyond these nobody counts what waits for an answer. */
export const MOST_QUESTIONS = 99;

/** What every page about people has around its own content. */
export interface Frame {
  /** Path and query of the page, for forms to come back to. */
  here: string;
  news: News | null;
  /** What the key U takes back: the last thing done from this place that still holds. */
  undo: ChangeRow | null;
  /** How many wait for a yes or no; one more than MOST_QUESTIONS: more than those. */
  questions: number;
  question: Question | null;
  now: Date;
}

/** What came of the last form: a change that can be taken back, or that there was nothing to do. */
export type News = { change: ChangeRow } | { change: null };

/** Whom a name was typed for. */
export const SUBJECTS = ["cluster", "person", "merge", "faces", "drawn"] as const;

/** A name that somebody has already: joining them takes a look at both. */
export interface Question {
  subject: typeof SUBJECTS[number];
  /** The cluster or person; for a drawn face, its photo. */
  of: number;
  /** Faces picked out of them; none: all. */
  faceIds: number[];
  /** Those to look at: the picked ones, or some of all. */
  shown: number[];
  /** Of a drawn face: x, y, width, height in per cent of the picture. */
  box: number[];
  name: string;
  /** People of that name, those on most photos first. */
  known: Namesake[];
}

/** Where a name that was typed goes to. */
export const namingPath = ({ subject, of }: Pick<Question, "subject" | "of">): string => {
  if (subject === "cluster") return `/clusters/${of}/name`;
  if (subject === "person") return `/people/${of}/name`;
  if (subject === "merge") return `/people/${of}/merge`;
  return subject === "faces" ? "/faces/name" : "/faces/draw";
};
