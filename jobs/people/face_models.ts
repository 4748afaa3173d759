import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import type { Engine } from "../../models/engine.ts";

/**
 * Writes down what processes without the model need to know of this engine's face model, to compare
 * its faces; called by every worker at its start.
 */
export async function registerFaceModel(
  db: Db,
  { models, thresholds }: Pick<Engine, "models" | "thresholds">,
): Promise<void> {
  const { key, dimension } = models.faces;
  const { certain, likely } = thresholds;
  await db.execute(sql`
    insert into face_models as m (model, dimension, certain, likely)
    values (${key}, ${dimension}, ${certain}, ${likely})
    on conflict (model) do update set dimension = excluded.dimension,
      certain = excluded.certain, likely = excluded.likely
      where (m.dimension, m.certain, m.likely)
        is distinct from (excluded.dimension, excluded.certain, excluded.likely)`);
}
