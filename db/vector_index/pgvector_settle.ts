import type { Sql } from "../client.ts";
import { asTheOnly, type Copied, type Of } from "./pgvector_copy.ts";
import { graphIsValid, graphName } from "./pgvector_graph.ts";

// A quarter of a second at a million vectors; nobody copies meanwhile.
const PORTION = 100;

/** Puts a portion of the halves that were copied after the graph was built into the graph. */
export const settlePortion = (sql: Sql, { model, dimension }: Of): Promise<Copied> =>
  asTheOnly(sql, model, async (tx) => {
    const settled = await tx.unsafe(
      `update vector_halves set settled = true where model = $1 and photo_id in (
        select photo_id from vector_halves where model = $1 and not settled
          and ${graphIsValid(graphName(model, dimension))}
        order by photo_id limit ${PORTION})
      returning photo_id`,
      [model],
    );
    return settled.length < PORTION ? "done" : "more";
  });
