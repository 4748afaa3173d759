import type { IdRows } from "./id_rows.ts";

/** Rows of an index that a search may find: a byte each, so that they are gone through in order. */
export interface Selection {
  marks: Uint8Array;
  count: number;
}

/** The rows that these ids have among `places` rows; each once, however often its id is given. */
export function selectRows(ids: Float64Array, rows: IdRows, places: number): Selection {
  const marks = new Uint8Array(places);
  let count = 0;
  for (const id of ids) {
    const row = rows.get(id);
    if (row < 0 || marks[row] === 1) continue;
    marks[row] = 1;
    count++;
  }
  return { marks, count };
}
