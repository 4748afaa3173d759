import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
} from "drizzle-orm/pg-core";
import { bytea, xid8 } from "../columns.ts";
import { photos } from "./library.ts";
import { people } from "./people.ts";
import { id, time } from "./parts.ts";

/** CLIP vectors, one a representative and model: float32, little-endian, L2-normalised. */
export const embeddings = pgTable("embeddings", {
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  vector: bytea().notNull(),
}, (t) => [
  primaryKey({ columns: [t.photoId, t.model] }),
  // What an index has to hold is read from this alone, and no row.
  index("embeddings_model").on(t.model, t.photoId),
]);

/**
 * Which photos got a vector, or lost theirs, in which transaction: written by a trigger, read by the
 * vector indexes of any number of web processes, each by a cursor of its own, and forgotten after a
 * day. An index that has looked on for longer compares all.
 */
export const embeddingChanges = pgTable("embedding_changes", {
  id: id(),
  /**
   * Identities are given before commits: one that commits late would be behind a cursor over them. A
   * cursor over transactions stops before the oldest that is still open.
   */
  xid: xid8().notNull().default(sql`pg_current_xact_id()`),
  model: text().notNull(),
  photoId: bigint({ mode: "number" }).notNull(),
  at: time().notNull().defaultNow(),
}, (t) => [
  index("embedding_changes_model").on(t.model, t.xid, t.photoId),
  index("embedding_changes_at").on(t.at),
]);

/** Photos a face model has looked at, with or without a find. */
export const faceScans = pgTable("face_scans", {
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  faces: integer().notNull(),
  /** The run that looked last. */
  sessionId: bigint({ mode: "number" }),
}, (t) => [primaryKey({ columns: [t.photoId, t.model] })]);

/** Unnamed faces that belong together. */
export const clusters = pgTable("clusters", {
  id: id(),
  model: text().notNull(),
  size: integer().notNull(),
  /** Its most central face. */
  coverFaceId: bigint({ mode: "number" }),
  /** A face that somebody chose to stand for it: shown first, and the cover of whom it becomes. */
  chosenFaceId: bigint({ mode: "number" }),
  createdAt: time().notNull().defaultNow(),
}, (t) => [index("clusters_model").on(t.model, t.size)]);

export const faces = pgTable("faces", {
  id: id(),
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  /** x, y, width, height relative to the upright picture. */
  box: real().array().notNull(),
  /** Five points, x and y alternating, relative to the upright picture. */
  landmarks: real().array().notNull(),
  score: real().notNull(),
  quality: real().notNull(),
  embedding: bytea().notNull(),
  /** For faces without a person only. */
  clusterId: bigint({ mode: "number" }).references(() => clusters.id, { onDelete: "set null" }),
  personId: bigint({ mode: "number" }).references(() => people.id, { onDelete: "set null" }),
  /** True: somebody said so; false: assigned by the program, if to anybody. */
  confirmed: boolean().notNull().default(false),
  /** Cosine to the person's nearest prototype when the program assigned it. */
  similarity: real(),
  /** Somebody says that this is no face: it is shown nowhere, and belongs nowhere. */
  notAFace: boolean().notNull().default(false),
}, (t) => [
  index("faces_photo").on(t.photoId, t.model),
  index("faces_cluster").on(t.clusterId),
  // All that a list of people counts: it reads the index and no row.
  index("faces_person").on(t.personId, t.photoId, t.model, t.confirmed, t.notAFace)
    .where(sql`person_id is not null`),
  index("faces_model").on(t.model, t.id),
]);

/** How a clustering differs from the one before it: numbers of clusters, and of faces that moved. */
export interface ClusteringDifference {
  /** Clusters with the very faces they had. */
  same: number;
  /** Clusters that only gained faces. */
  grown: number;
  /** Clusters that lost some faces, or lost some and gained others. */
  changed: number;
  made: number;
  gone: number;
  facesMoved: number;
  /** Proposals made, which wait for a yes. */
  proposals: number;
}

/** Clusterings of the whole library, newest last. */
export const clusterings = pgTable("clusterings", {
  id: id(),
  sessionId: bigint({ mode: "number" }),
  model: text().notNull(),
  faces: integer().notNull(),
  clusters: integer().notNull(),
  noise: integer().notNull(),
  /** What is other than after the last one. */
  difference: jsonb().$type<ClusteringDifference>(),
  loadedAt: time().notNull(),
  finishedAt: time().notNull().defaultNow(),
});
