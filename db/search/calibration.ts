import type { Sql } from "../client.ts";
import type { BackgroundTexts } from "./background.ts";
import { combine, type Part, shapeOf } from "./query_vector.ts";
import { describe, type Described, measureNull, type Null } from "./relevance.ts";
import { sampleVectors } from "./sample_vectors.ts";

/** Pictures of the library that background queries are compared with. */
const SAMPLE = 2000;
/** Background queries of a shape: enough for quartiles of how queries differ. */
const QUERIES = 64;
/** Fewer texts that the model knows anything of say nothing about the others. */
const LEAST_TEXTS = 12;

/** How rarely something unrelated scores so much, and what the query scores over a sample. */
export interface Judgement {
  p: (score: number) => number;
  own: Float32Array;
}

/** What chance is in one library, for one model. */
export interface Calibration {
  /** Vectors there were when it was made. */
  size: number;
  /** For one query; null where too little is known of the model or the library. */
  judge(parts: Part[], query: Float32Array): Promise<Judgement | null>;
}

/**
 * Measures what unrelated things score: the background texts against a sample of the library's
 * vectors. Every multiplication of a query and the sample leaves this thread to requests for a moment.
 */
export async function calibrate(
  sql: Sql,
  { model, size, texts }: { model: string; size: number; texts: BackgroundTexts },
): Promise<Calibration> {
  const sample = await sampleVectors(sql, { model, count: SAMPLE });
  const nulls = new Map<string, Promise<Null | null>>();

  function nullOf(parts: Part[]): Promise<Null | null> {
    const shape = shapeOf(parts);
    const known = nulls.get(shape);
    if (known) return known;
    const measured = measure(parts).catch((error) => {
      nulls.delete(shape);
      throw error;
    });
    nulls.set(shape, measured);
    return measured;
  }

  async function measure(parts: Part[]): Promise<Null | null> {
    const words = parts.some(({ kind }) => kind === "text");
    if (words && texts.vectors.length < LEAST_TEXTS) return null;
    if (parts.some(({ kind }) => kind === "picture") && sample.length < LEAST_TEXTS) return null;
    const single = parts.length === 1 && words;
    const count = single ? texts.vectors.length : QUERIES;
    const queries: Described[] = [];
    for (let at = 0; at < count; at++) {
      // Strides that share no factor with the counts, so that no two queries have the same parts.
      const random = parts.map(({ kind, weight }, part) => {
        const from = kind === "text" ? texts.vectors : sample;
        return {
          weight,
          vector: from[(at * (single ? 1 : 7) + part * 31 + part * at) % from.length],
        };
      });
      const query = combine(random);
      if (!query) continue;
      queries.push(describe(scoresOf(query, sample), single && texts.nonsense[at]));
      await breathe();
    }
    return queries.length < LEAST_TEXTS ? null : measureNull(queries);
  }

  const calibration: Calibration = {
    size,
    async judge(parts, query) {
      if (sample.length === 0) return null;
      const chance = await nullOf(parts);
      if (!chance) return null;
      const own = scoresOf(query, sample);
      return { p: chance.of(own), own };
    },
  };
  // What nearly every search needs.
  if (texts.vectors.length > 0 && sample.length > 0) {
    await nullOf([{ kind: "text", weight: 1, vector: texts.vectors[0] }]);
  }
  return calibration;
}

// A million products take a millisecond of this thread.
function scoresOf(query: Float32Array, sample: Float32Array[]): Float32Array {
  return Float32Array.from(sample, (vector) => {
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += query[i] * vector[i];
    return sum;
  });
}

/** Lets this thread answer the requests that came meanwhile. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));
