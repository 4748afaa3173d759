import { bigint, index, integer, pgTable, primaryKey, real, text } from "drizzle-orm/pg-core";
import { bytea } from "../columns.ts";
import { photos } from "./library.ts";
import { id, time } from "./parts.ts";

/** CLIP vectors, one a representative and model: float32, little-endian, L2-normalised. */
export const embeddings = pgTable("embeddings", {
  photoId: bigint({ mode: "number" }).notNull().references(() => photos.id, {
    onDelete: "cascade",
  }),
  model: text().notNull(),
  vector: bytea().notNull(),
}, (t) => [primaryKey({ columns: [t.photoId, t.model] })]);

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
  coverFaceId: bigint({ mode: "number" }),
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
  clusterId: bigint({ mode: "number" }).references(() => clusters.id, { onDelete: "set null" }),
}, (t) => [
  index("faces_photo").on(t.photoId, t.model),
  index("faces_cluster").on(t.clusterId),
]);

/** Clusterings of the whole library, newest last. */
export const clusterings = pgTable("clusterings", {
  id: id(),
  sessionId: bigint({ mode: "number" }),
  model: text().notNull(),
  faces: integer().notNull(),
  clusters: integer().notNull(),
  noise: integer().notNull(),
  loadedAt: time().notNull(),
  finishedAt: time().notNull().defaultNow(),
});
