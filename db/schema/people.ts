import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
} from "drizzle-orm/pg-core";
import { faces } from "./findings.ts";
import { id, oneOf, time } from "./parts.ts";

/**
 * Somebody whose faces a person has put together. Without a name until somebody gives one; two
 * people may have the same.
 */
export const people = pgTable("people", {
  id: id(),
  name: text(),
  /** A stranger: their faces are recognised, and shown to nobody who does not ask. */
  hidden: boolean().notNull().default(false),
  coverFaceId: bigint({ mode: "number" }),
  /** Their confirmed faces have changed: a worker has still to look who else they are. */
  stale: boolean().notNull().default(true),
  createdAt: time().notNull().defaultNow(),
}, (t) => [index("people_name").on(sql`lower(${t.name} collate "und-x-icu")`)]);

/** A no, remembered: this face is not that person. */
export const rejections = pgTable("rejections", {
  faceId: bigint({ mode: "number" }).notNull().references(() => faces.id, { onDelete: "cascade" }),
  personId: bigint({ mode: "number" }).notNull().references(() => people.id, {
    onDelete: "cascade",
  }),
  at: time().notNull().defaultNow(),
}, (t) => [
  primaryKey({ columns: [t.faceId, t.personId] }),
  index("rejections_person").on(t.personId),
]);

/** Faces that somebody took apart: no face of one side of a split is ever with one of the other. */
export const splits = pgTable("splits", {
  splitId: bigint({ mode: "number" }).notNull(),
  faceId: bigint({ mode: "number" }).notNull().references(() => faces.id, { onDelete: "cascade" }),
  /** 0 or 1. */
  side: smallint().notNull(),
}, (t) => [
  primaryKey({ columns: [t.splitId, t.faceId] }),
  index("splits_face").on(t.faceId),
]);

/** A face that is likely a person's, waiting for a yes or no: one a face, the likeliest. */
export const suggestions = pgTable("suggestions", {
  faceId: bigint({ mode: "number" }).primaryKey().references(() => faces.id, {
    onDelete: "cascade",
  }),
  personId: bigint({ mode: "number" }).notNull().references(() => people.id, {
    onDelete: "cascade",
  }),
  similarity: real().notNull(),
  /** Somebody did not want to say: it comes last. */
  skippedAt: time(),
  createdAt: time().notNull().defaultNow(),
}, (t) => [index("suggestions_person").on(t.personId, t.similarity.desc())]);

export const PROPOSAL_KINDS = ["joined", "split", "moved"] as const;
export type ProposalKind = typeof PROPOSAL_KINDS[number];

export const PROPOSAL_ANSWERS = ["yes", "no", "superseded"] as const;

/**
 * What a grouping would change about a person, waiting for a yes or no. joined: faces without a
 * person are this one; split: faces that the program gave this person are somebody else; moved:
 * such faces are another person, `toPersonId`.
 */
export const proposals = pgTable("proposals", {
  id: id(),
  clusteringId: bigint({ mode: "number" }).notNull(),
  model: text().notNull(),
  kind: text().$type<ProposalKind>().notNull(),
  personId: bigint({ mode: "number" }).notNull().references(() => people.id, {
    onDelete: "cascade",
  }),
  toPersonId: bigint({ mode: "number" }).references(() => people.id, { onDelete: "cascade" }),
  faceIds: bigint({ mode: "number" }).array().notNull(),
  /** Mean cosine of the faces to the person's nearest prototypes. */
  similarity: real().notNull(),
  createdAt: time().notNull().defaultNow(),
  answer: text().$type<typeof PROPOSAL_ANSWERS[number]>(),
  answeredAt: time(),
}, (t) => [
  check("proposals_kind", oneOf("kind", PROPOSAL_KINDS)),
  check("proposals_answer", oneOf("answer", PROPOSAL_ANSWERS)),
  index("proposals_open").on(t.model, t.id).where(sql`answer is null`),
]);

/** What somebody, or a grouping, did to people and their faces, newest last: each can be undone. */
export const changes = pgTable("changes", {
  id: id(),
  at: time().notNull().defaultNow(),
  by: text().notNull(),
  /** Machine-readable: assigned, merged, split, hidden, … */
  kind: text().notNull(),
  /** For a person: what was done, in the past tense. */
  message: text().notNull(),
  undoneAt: time(),
  undoneBy: text(),
});

/** The rows that a change touched, as they were and as it left them, in order; written by triggers. */
export const changedRows = pgTable("changed_rows", {
  id: id(),
  changeId: bigint({ mode: "number" }).notNull().references(() => changes.id, {
    onDelete: "cascade",
  }),
  tableName: text().notNull(),
  before: jsonb().$type<Record<string, unknown>>(),
  after: jsonb().$type<Record<string, unknown>>(),
}, (t) => [index("changed_rows_change").on(t.changeId, t.id)]);

/** Confirmed faces that stand for a person in comparisons; derived from the confirmed ones. */
export const prototypes = pgTable("prototypes", {
  personId: bigint({ mode: "number" }).notNull().references(() => people.id, {
    onDelete: "cascade",
  }),
  faceId: bigint({ mode: "number" }).notNull().references(() => faces.id, { onDelete: "cascade" }),
  model: text().notNull(),
}, (t) => [
  primaryKey({ columns: [t.personId, t.faceId] }),
  index("prototypes_model").on(t.model, t.personId),
]);

/** From which cosine to a prototype a face is a person's for certain, and likely; derived as well. */
export const personThresholds = pgTable("person_thresholds", {
  personId: bigint({ mode: "number" }).notNull().references(() => people.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  certain: real().notNull(),
  likely: real().notNull(),
}, (t) => [primaryKey({ columns: [t.personId, t.model] })]);

/** What the matching in processes without the model needs to know of it. */
export const faceModels = pgTable("face_models", {
  model: text().primaryKey(),
  dimension: integer().notNull(),
  /** Cosines, −1 to 1, out of the pack's manifest. */
  certain: doublePrecision().notNull(),
  likely: doublePrecision().notNull(),
});
