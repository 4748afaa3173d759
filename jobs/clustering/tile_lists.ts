import type { Lists } from "./neighbours.ts";
import { LANES, listModule } from "./list_kernel.ts";

/** Consecutive points, `first` to before `end`. */
export interface Span {
  first: number;
  end: number;
}

/** Candidate lists that take whole tiles of products. */
export interface TileLists extends Lists {
  /** Where a tile must lie to be merged: let the product backend write there. */
  tile: Float32Array;
  /** Takes a tile of rows × columns without what is on or below the diagonal: each pair once. */
  mergeUpper(rows: Span, columns: Span): void;
  /** Takes a tile between any points, as often as wished if the lists are `unique`. */
  merge(rows: Int32Array, columns: Int32Array): void;
}

export interface TileListOptions {
  k: number;
  /** Most rows and columns of a tile. */
  rows: number;
  columns: number;
  /** Whether a pair may come more than once: an id is then looked for before it is taken. */
  unique?: boolean;
  /** Whether the columns are something else than points: only rows then have lists. */
  rowsOnly?: boolean;
}

const PAGE = 65_536;
const FLOAT = 4;

/**
 * Empty lists of `k` for each of `count` points. They lie in the memory of a WebAssembly kernel,
 * which compares a tile with the ends of the lists at some 4 entries a nanosecond, where JavaScript
 * takes a nanosecond or more for one.
 */
export function tileLists(count: number, options: TileListOptions): TileLists {
  const pages = pagesFor(count, { ...options, threads: 1 });
  const lists = opened(count, {
    ...options,
    thread: 0,
    memory: new WebAssembly.Memory({ initial: pages, maximum: pages }),
  });
  return emptied(lists);
}

/** Memory with empty lists for several threads, each with room for a tile of its own. */
export function sharedLists(
  count: number,
  options: TileListOptions & { threads: number },
): WebAssembly.Memory {
  const pages = pagesFor(count, options);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  emptied(opened(count, { ...options, memory, thread: 0 }));
  return memory;
}

/** The lists in shared memory as one of the threads sees them. Only one may merge into a list. */
export function openLists(
  memory: WebAssembly.Memory,
  count: number,
  options: TileListOptions & { thread: number },
): TileLists {
  return opened(count, { ...options, memory });
}

function emptied(lists: TileLists): TileLists {
  lists.ids.fill(-1);
  lists.cosines.fill(-Infinity);
  lists.worst.fill(-Infinity);
  return lists;
}

function opened(
  count: number,
  { memory, thread, unique = false, rowsOnly = false, ...options }: TileListOptions & {
    memory: WebAssembly.Memory;
    thread: number;
  },
): TileLists {
  const { k, rows, columns } = options;
  const { layout, gathered } = layoutOf(count, { ...options, thread });
  const shared = memory.buffer instanceof SharedArrayBuffer;
  const pages = memory.buffer.byteLength / PAGE;
  const module = new WebAssembly.Module(listModule(layout, { unique, rowsOnly, pages, shared }));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = exports.merge as (r: number, c: number, worst: number, offset: number) => void;
  const floats = (start: number, length: number) => new Float32Array(memory.buffer, start, length);
  const integers = (start: number, length: number) => new Int32Array(memory.buffer, start, length);
  const worst = floats(layout.worst, count);
  const rowIds = integers(layout.rowIds, rows), columnIds = integers(layout.columnIds, columns);
  const columnWorst = floats(gathered, columns);
  return {
    k,
    ids: integers(layout.ids, count * k),
    cosines: floats(layout.cosines, count * k),
    worst,
    tile: floats(layout.tile, rows * columns),
    mergeUpper(rows, columns) {
      const height = rows.end - rows.first, width = columns.end - columns.first;
      for (let r = 0; r < height; r++) rowIds[r] = rows.first + r;
      for (let c = 0; c < width; c++) columnIds[c] = columns.first + c;
      kernel(height, width, layout.worst + columns.first * FLOAT, rows.first + 1 - columns.first);
    },
    merge(rows, columns) {
      rowIds.set(rows);
      columnIds.set(columns);
      if (rowsOnly) columnWorst.fill(Infinity);
      else for (let c = 0; c < columns.length; c++) columnWorst[c] = worst[columns[c]];
      kernel(rows.length, columns.length, gathered, -rows.length);
    },
  };
}

/** Lists first, then the tile of one thread after the other's. */
function layoutOf(
  count: number,
  { k, rows, columns, thread }: { k: number; rows: number; columns: number; thread: number },
) {
  let end = 0;
  const room = (elements: number) => {
    const start = end;
    end += Math.ceil(elements * FLOAT / 64) * 64;
    return start;
  };
  // An entry before the first list may be looked at, and LANES behind the end of a tile.
  room(LANES);
  const lists = { k, ids: room(count * k), cosines: room(count * k), worst: room(count + LANES) };
  const start = end;
  const tile = room(rows * columns + LANES), rowIds = room(rows), columnIds = room(columns);
  const gathered = room(columns + LANES);
  const offset = thread * (end - start);
  return {
    layout: {
      ...lists,
      tile: tile + offset,
      rowIds: rowIds + offset,
      columnIds: columnIds + offset,
    },
    gathered: gathered + offset,
    end: end + offset,
  };
}

function pagesFor(count: number, options: TileListOptions & { threads: number }): number {
  return Math.ceil(layoutOf(count, { ...options, thread: options.threads - 1 }).end / PAGE);
}

/** Sees to it that the products lie where `lists` looks for a tile; `size` numbers of them. */
export async function writeTile(
  lists: TileLists,
  products: Float32Array | Promise<Float32Array>,
  size: number,
): Promise<void> {
  const tile = await products;
  if (tile.buffer !== lists.tile.buffer) lists.tile.set(tile.subarray(0, size));
}
