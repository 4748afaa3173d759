import { sql } from "drizzle-orm";
import { SHOWN_FACES } from "./serving_queries.ts";

/** The model of faces that somebody drew: they have no embedding, and count whatever model is shown. */
export const DRAWN = "drawn";

/** Before a model was chosen, and before the first grouping, that of the face found last. */
const SHOWN = sql`coalesce(${SHOWN_FACES},
  (select model from faces where model <> ${DRAWN} order by id desc limit 1))`;

/**
 * Condition on `faces f`: those of the model whose people are shown, and those drawn by hand, unless
 * somebody said that they are none. An array, because PostgreSQL guesses right how many it selects.
 */
export const IS_SHOWN = sql`f.model = any(array[${SHOWN}, ${DRAWN}]) and not f.not_a_face`;
