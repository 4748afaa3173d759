import { createIdRows, type IdRows } from "./id_rows.ts";

/** Which id each row of the graph has; rows are hnswlib's labels, numbered in the order they came. */
export interface GraphRows {
  readonly rowOf: IdRows;
  /** Ids that have a row. */
  readonly size: number;
  /** Rows there are, free ones too. */
  readonly used: number;
  /** Rows there is room for; it grows by a quarter when there is none left. */
  readonly capacity: number;
  /** NaN if the row is free. */
  idOf(row: number): number;
  /** A copy, a number a row. */
  ids(): Float64Array;
  /** Those that have a row. */
  held(): Float64Array;
  /** The row of the id, or a free one, or the next. */
  take(id: number): number;
  /** Frees the row and returns it; −1 if the id has none. */
  release(id: number): number;
  /** All rows that are not free. */
  all(): { marks: Uint8Array; count: number };
  /** A file with all rows as they are is begun; `useFile`: from now on it is the one that is read. */
  startFile(): void;
  useFile(): void;
  /** True if the file that is read has all rows as they are. */
  readonly allInFile: boolean;
  /** Of the rows marked, those that the file of so many rows has as they are, and the others. */
  split(marks: Uint8Array, fileRows: number): { inFile: Uint8Array; others: Uint8Array };
}

/** Rows with these ids (NaN: free), of which a file has just been read; without: none. */
export function createGraphRows(capacity: number, given = new Float64Array()): GraphRows {
  const rowOf = createIdRows(given.length);
  const free: number[] = [];
  let used = given.length;
  let idOf = resized(given, capacity);
  // 1: the row is other than in the file that is read, or in the one begun last.
  let changed = new Uint8Array(capacity), changedSince = new Uint8Array(capacity);
  given.forEach((id, row) => Number.isNaN(id) ? free.push(row) : rowOf.set(id, row));

  function takeRow(): number {
    const row = free.pop() ?? used++;
    if (row < idOf.length) return row;
    const more = Math.ceil(idOf.length * 1.25);
    idOf = resized(idOf, more);
    changed = resized(changed, more);
    changedSince = resized(changedSince, more);
    return row;
  }

  return {
    rowOf,
    get size() {
      return rowOf.size;
    },
    get used() {
      return used;
    },
    get capacity() {
      return idOf.length;
    },
    idOf: (row) => idOf[row],
    ids: () => idOf.slice(0, used),
    held() {
      // As a loop: `filter` takes 1.2 s for a million.
      const held = new Float64Array(rowOf.size);
      let count = 0;
      for (let row = 0; row < used; row++) {
        if (!Number.isNaN(idOf[row])) held[count++] = idOf[row];
      }
      return held;
    },
    take(id) {
      const held = rowOf.get(id);
      const row = held < 0 ? takeRow() : held;
      idOf[row] = id;
      rowOf.set(id, row);
      changed[row] = changedSince[row] = 1;
      return row;
    },
    release(id) {
      const row = rowOf.get(id);
      if (row < 0) return row;
      rowOf.delete(id);
      idOf[row] = NaN;
      free.push(row);
      return row;
    },
    all() {
      const marks = Uint8Array.from(idOf.subarray(0, used), (id) => Number.isNaN(id) ? 0 : 1);
      return { marks, count: rowOf.size };
    },
    startFile: () => void changedSince.fill(0),
    useFile: () => void changed.set(changedSince),
    get allInFile() {
      return !changed.includes(1);
    },
    split(marks, fileRows) {
      const inFile = marks.slice();
      const others = new Uint8Array(marks.length);
      for (let row = marks.indexOf(1); row >= 0; row = marks.indexOf(1, row + 1)) {
        if (row < fileRows && changed[row] === 0) continue;
        inFile[row] = 0;
        others[row] = 1;
      }
      return { inFile, others };
    },
  };
}

/** A copy with room for `length`, the rest zeros. */
function resized<Values extends Float64Array | Uint8Array>(values: Values, length: number): Values {
  const copy = new (values.constructor as new (length: number) => Values)(
    Math.max(length, values.length),
  );
  copy.set(values);
  return copy;
}
