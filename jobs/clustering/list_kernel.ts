import {
  bitmask,
  call,
  type Code,
  F32,
  f32,
  f32x4,
  get,
  I32,
  i32,
  i32x4,
  type Local,
  loopUpTo,
  loopWhile,
  set,
  V128,
  v128,
  wasmFunction,
  wasmModule,
  when,
} from "./wasm.ts";

/** Entries of a tile that are compared before the first branch. */
export const LANES = 16;

/** Where things lie in the kernel's memory, in bytes. Behind the tile, LANES floats are read. */
export interface ListLayout {
  k: number;
  /** count × k, int32 and float32. */
  ids: number;
  cosines: number;
  /** count float32: the last cosine of each list. */
  worst: number;
  tile: number;
  /** The list of each row and column of the tile, int32. */
  rowIds: number;
  columnIds: number;
}

const FLOAT = 4;
const INSERT = 0;

/**
 * A WebAssembly module with `merge(rows, columns, columnWorst, offset)`: puts the entries of a tile
 * of `rows` × `columns` into the lists of its rows and of its columns, where they are better than
 * the last one there. Nearly all are not: sixteen at a time are compared with the row's and the
 * columns' last ones, the latter read at the address `columnWorst`. Row r starts at column
 * max(0, r + `offset`): 1 leaves out the diagonal and what is below it. No list takes its own id,
 * and with `unique` none an id that it holds. With `rowsOnly` the columns have no lists, and ids of
 * their own.
 */
export function listModule(
  layout: ListLayout,
  { unique, rowsOnly, pages, shared }: {
    unique: boolean;
    rowsOnly: boolean;
    pages: number;
    shared: boolean;
  },
): Uint8Array<ArrayBuffer> {
  const functions = [insertFunction(layout, unique), mergeFunction(layout, rowsOnly)];
  return wasmModule(functions, { initial: pages, maximum: pages, shared });
}

/**
 * `insert(list, id, cosine)`: entries that are less move by one, four at a time from the list's end
 * on. Each place then holds what it held, the new entry, or what was before.
 */
function insertFunction({ k, ids, cosines, worst }: ListLayout, unique: boolean) {
  return wasmFunction("insert", [I32, I32, F32], ([list, id, cosine], local) => {
    const at = local(I32);
    const vectors = Array.from({ length: 6 }, () => local(V128));
    const [newId, newCosine, here, before, stays, isAfter] = vectors;
    const held = foursOf(k)
      .map(({ first, own }) =>
        v128.and(
          i32x4.eq(v128.load(get(at), ids + first * FLOAT), get(newId)),
          v128.lanes(own),
        )
      )
      .reduce((one, other) => v128.or(one, other));
    const move = ({ first, own }: Four): Code => {
      const value = (what: number) => v128.load(get(at), what + first * FLOAT);
      const previous = (what: number) => v128.load(get(at), what + (first - 1) * FLOAT);
      const moved = (what: number, entry: Local): Code =>
        v128.store(
          get(at),
          v128.bitselect(
            value(what),
            v128.bitselect(previous(what), get(entry), get(isAfter)),
            get(stays),
          ),
          what + first * FLOAT,
        );
      return [
        ...set(here, value(cosines)),
        ...set(before, previous(cosines)),
        ...set(
          stays,
          v128.or(f32x4.ge(get(here), get(newCosine)), v128.lanes(own.map((is) => !is))),
        ),
        // Before the first place lies something else: the new entry, or nothing, comes there.
        ...set(
          isAfter,
          v128.and(
            f32x4.lt(get(before), get(newCosine)),
            v128.lanes(EACH.map((lane) => first + lane > 0)),
          ),
        ),
        ...moved(ids, newId),
        ...moved(cosines, newCosine),
      ];
    };
    return [
      ...set(at, i32.mul(get(list), i32.const(k * FLOAT))),
      ...set(newId, i32x4.splat(get(id))),
      ...(unique ? when(v128.anyTrue(held), RETURN) : []),
      ...set(newCosine, f32x4.splat(get(cosine))),
      ...foursOf(k).flatMap(move),
      ...f32.store(
        i32.mul(get(list), i32.const(FLOAT)),
        f32.load(get(at), cosines + (k - 1) * FLOAT),
        worst,
      ),
    ];
  });
}

/** Four places from `first` on, of which `own` are meant: others are the next list's, or done. */
interface Four {
  first: number;
  own: boolean[];
}

const EACH = [0, 1, 2, 3];

/** The `k` places of a list, the last ones first. */
function foursOf(k: number): Four[] {
  const fours: Four[] = [];
  for (let end = k; end > 0; end -= 4) {
    const first = Math.max(0, end - 4);
    fours.push({ first, own: EACH.map((lane) => first + lane < end) });
  }
  return fours;
}

const RETURN: Code = [0x0f];

function mergeFunction({ worst, tile, rowIds, columnIds }: ListLayout, rowsOnly: boolean) {
  return wasmFunction("merge", [I32, I32, I32, I32], (params, local) => {
    const [rows, columns, columnWorst, offset] = params;
    const r = local(I32), row = local(I32), first = local(I32), line = local(I32);
    const c = local(I32), part = local(I32), hits = local(I32);
    const q = local(I32), column = local(I32);
    const cosine = local(F32), rowWorst = local(V128);
    const bytes = (index: Local) => i32.mul(get(index), i32.const(FLOAT));
    const worstOf = (list: Local) => f32.load(bytes(list), worst);
    const better = (index: Local, lane: number): Code => {
      const entry = v128.load(i32.add(get(line), bytes(index)), tile + lane * FLOAT);
      const there = v128.load(i32.add(get(columnWorst), bytes(index)), lane * FLOAT);
      return v128.or(f32x4.gt(entry, get(rowWorst)), f32x4.gt(entry, there));
    };
    const forRow = when(
      f32.gt(get(cosine), worstOf(row)),
      call(INSERT, get(row), get(column), get(cosine)),
    );
    const forColumn = when(f32.gt(get(cosine), worstOf(column)), [
      ...call(INSERT, get(column), get(row), get(cosine)),
      ...f32.store(i32.add(get(columnWorst), bytes(q)), worstOf(column)),
    ]);
    const take: Code = [
      ...set(cosine, f32.load(i32.add(get(line), bytes(q)), tile)),
      ...set(column, i32.load(bytes(q), columnIds)),
      ...(rowsOnly ? forRow : when(i32.ne(get(column), get(row)), [...forRow, ...forColumn])),
    ];
    const takeHits: Code = [
      ...loopUpTo(part, { start: get(c), end: i32.add(get(c), i32.const(LANES)), step: 4 }, [
        ...set(hits, bitmask(better(part, 0))),
        ...loopWhile(get(hits), [
          ...set(q, i32.add(get(part), i32.ctz(get(hits)))),
          ...set(hits, i32.and(get(hits), i32.sub(get(hits), i32.const(1)))),
          ...when(i32.and(i32.ge(get(q), get(first)), i32.lt(get(q), get(columns))), take),
        ]),
      ]),
      ...set(rowWorst, f32x4.splat(worstOf(row))),
    ];
    const any = v128.or(
      v128.or(better(c, 0), better(c, 4)),
      v128.or(better(c, 8), better(c, 12)),
    );
    return [
      ...loopUpTo(r, { start: i32.const(0), end: get(rows), step: 1 }, [
        ...set(row, i32.load(bytes(r), rowIds)),
        ...set(rowWorst, f32x4.splat(worstOf(row))),
        ...set(first, i32.add(get(r), get(offset))),
        ...when(i32.lt(get(first), i32.const(0)), set(first, i32.const(0))),
        ...set(line, i32.mul(i32.mul(get(r), get(columns)), i32.const(FLOAT))),
        ...loopUpTo(c, {
          start: i32.and(get(first), i32.const(-LANES)),
          end: get(columns),
          step: LANES,
        }, when(v128.anyTrue(any), takeHits)),
      ]),
    ];
  });
}
