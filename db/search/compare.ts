import { sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import { vectorOfBytes } from "../vectors.ts";
import { readPicture } from "./picture_vector.ts";
import { combine, type Part } from "./query_vector.ts";
import { EncoderFault, type TextEncoder } from "./stages.ts";
import type { Term } from "./terms.ts";
import { SearchFault } from "./types.ts";

/** What somebody wants photos to be like. */
export interface Asked {
  terms: Term[];
  photoId?: number;
  picture?: string;
}

export interface Compared {
  parts: Part[];
  /** A unit vector; null where there is nothing to compare with, which `message` says. */
  query: Float32Array | null;
  /** The photo asked for, or the one it is a duplicate of: it is no answer to itself. */
  itself: number | null;
  message: string | null;
  notice: string | null;
}

/**
 * The vector of a query: its terms and pictures added up, each a unit vector times its weight, as
 * rclip does. Words the model does not know are named. Throws a SearchFault for a photo that is not
 * there or a picture of other models, and an EncoderFault if the model's files are gone.
 */
export async function compareWith(
  db: Db,
  encoder: TextEncoder,
  { terms, photoId, picture }: Asked,
): Promise<Compared> {
  const { clip } = encoder.models;
  // Before anything is waited for.
  const shown = picture === undefined ? null : readPicture(picture, clip);
  const [like, ...vectors] = await Promise.all([
    photoId === undefined ? null : vectorOf(db, { photoId, model: clip.key }),
    ...terms.map(({ text }) => encoder.embedText(text)),
  ]).catch((error) => {
    throw isFileFault(error) ? new EncoderFault(error) : error;
  });
  const parts: Part[] = terms.map(({ weight }, i) => ({
    kind: "text",
    weight,
    vector: vectors[i],
  }));
  const unknown = terms.filter((_, i) => isZero(vectors[i]));
  const result = { itself: like?.id ?? null, message: null, notice: null, query: null };
  if (like && !like.vector) return { ...result, parts, message: unread(photoId!) };
  if (like) parts.push({ kind: "picture", weight: 1, vector: like.vector! });
  if (shown) parts.push({ kind: "picture", weight: 1, vector: shown });
  const known = parts.filter(({ vector }) => !isZero(vector));
  if (known.length === 0) return { ...result, parts, message: unknownWords(clip.builtin) };
  const query = combine(known);
  return {
    ...result,
    parts: known,
    query,
    message: query ? null : CANCELLED,
    notice: unknown.length === 0 ? null : without(unknown),
  };
}

async function vectorOf(
  db: Db,
  { photoId, model }: { photoId: number; model: string },
): Promise<{ id: number; vector: Float32Array | null }> {
  const [row] = await db.execute<{ id: string; vector: Uint8Array | null }>(sql`
    select coalesce(p.representative_id, p.id) as id, e.vector from photos p
    left join embeddings e on e.photo_id = coalesce(p.representative_id, p.id)
      and e.model = ${model}
    where p.id = ${photoId}`);
  if (!row) throw new SearchFault("photo_not_found", `There is no photo ${photoId}`);
  return { id: Number(row.id), vector: row.vector && vectorOfBytes(row.vector) };
}

const isZero = (vector: Float32Array) => vector.every((value) => value === 0);

/** A graph or its vocabulary is gone; errors keep no more than their name between threads. */
export const isFileFault = ({ name }: Error) => name === "ModelError" || name === "NotFound";

const unread = (id: number) =>
  `Photo ${id} was not read with the models that answer now: run a session over its folder`;

const unknownWords = (builtin: boolean) =>
  builtin
    ? "The demonstration models know only colours, brightness and a few scenes: none of these words"
    : "The model knows none of these words";

const without = (terms: Term[]) =>
  `The model knows nothing of ${
    terms.map(({ text }) => `“${text}”`).join(", ")
  }: the search went on without`;

const CANCELLED = "Plus and minus leave nothing to look for: take one of them away";
