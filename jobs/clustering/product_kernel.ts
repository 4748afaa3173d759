import {
  type Code,
  f32x4,
  get,
  I32,
  i32,
  type Local,
  loopUpTo,
  set,
  V128,
  v128,
  wasmFunction,
  wasmModule,
} from "./wasm.ts";

/**
 * Rows and columns whose products are summed at once. Eight sums, the rows' four elements, four
 * vectors of columns and a spare one just fit the registers of x86-64. V8 checks the bounds of every
 * load: this shape needs 18 for 128 multiply-adds, and measured 26 GMAC/s a core, where the products
 * of 2 × 4 vectors, element by element along them, need 24 and reach 19.
 */
export const ROWS = 2;
export const COLUMNS = 16;

/** Elements of a vector are padded with zeros to a multiple of this. */
export const LANES = 4;

const FLOAT = 4;
const VECTOR = LANES * FLOAT;
const GROUPS = COLUMNS / LANES;
const EACH_LANE = [0, 1, 2, 3];

/** Bytes of scratch memory that `multiply` needs. */
export function panelBytes(dim: number): number {
  return COLUMNS * dim * FLOAT;
}

/**
 * A WebAssembly module with `multiply(rows, columns, panel, tile, rowCount, columnCount, stride)`:
 * addresses of row-major vectors of `dim` float32 (a multiple of LANES), of scratch memory and of
 * the tile, whose lines are `stride` floats apart. `rowCount` is a multiple of ROWS, `columnCount`
 * of COLUMNS. `relaxed` uses fused multiply-add where the processor has it.
 */
export function productModule(
  dim: number,
  { relaxed, pages }: { relaxed: boolean; pages: { initial: number; maximum: number } },
): Uint8Array<ArrayBuffer> {
  const params = [I32, I32, I32, I32, I32, I32, I32];
  const multiply = wasmFunction("multiply", params, (params, local) => {
    const [rows, columns, panel, tile, rowCount, columnCount, stride] = params;
    const r = local(I32), c = local(I32), row = local(I32), end = local(I32);
    const from = local(I32), to = local(I32), line = local(I32);
    const registers = Array.from({ length: ROWS * GROUPS + ROWS + GROUPS + 1 }, () => local(V128));
    const element = (base: Local, index: Code) =>
      i32.add(get(base), i32.mul(index, i32.const(FLOAT)));
    return loopUpTo(c, { start: i32.const(0), end: get(columnCount), step: COLUMNS }, [
      ...set(from, element(columns, i32.mul(get(c), i32.const(dim)))),
      ...transposed({ dim, from, to, panel, end, registers }),
      ...loopUpTo(r, { start: i32.const(0), end: get(rowCount), step: ROWS }, [
        ...set(row, element(rows, i32.mul(get(r), i32.const(dim)))),
        ...set(line, element(tile, i32.add(i32.mul(get(r), get(stride)), get(c)))),
        ...multiplied({ dim, relaxed, row, end, panel, at: to, line, stride, registers }),
      ]),
    ]);
  });
  return wasmModule([multiply], { ...pages, shared: true });
}

/** Copies COLUMNS vectors into the panel so that their elements of one index lie together. */
function transposed({ dim, from, to, panel, end, registers }: {
  dim: number;
  from: Local;
  to: Local;
  panel: Local;
  end: Local;
  registers: Local[];
}): Code {
  const [a, b, c, d, ...mixed] = registers;
  const four = (group: number): Code => {
    const vectors = [a, b, c, d].flatMap((vector, lane) =>
      set(vector, v128.load(get(from), (group * LANES + lane) * dim * FLOAT))
    );
    // Elements 0 and 1 of a with c, and of b with d; then 2 and 3 of them.
    const halves = [[0, 4, 1, 5], [2, 6, 3, 7]].flatMap((elements, half) => [
      ...set(mixed[2 * half], f32x4.shuffle(get(a), get(c), elements)),
      ...set(mixed[2 * half + 1], f32x4.shuffle(get(b), get(d), elements)),
    ]);
    const stores = EACH_LANE.flatMap((lane) => {
      const half = lane >> 1, elements = lane % 2 === 0 ? [0, 4, 1, 5] : [2, 6, 3, 7];
      const together = f32x4.shuffle(get(mixed[2 * half]), get(mixed[2 * half + 1]), elements);
      return v128.store(get(to), together, (lane * GROUPS + group) * VECTOR);
    });
    return [...vectors, ...halves, ...stores];
  };
  return [
    ...set(to, get(panel)),
    ...set(end, i32.add(get(from), i32.const(dim * FLOAT))),
    ...loopUpTo(from, { start: get(from), end: get(end), step: VECTOR }, [
      ...Array.from({ length: GROUPS }, (_, group) => four(group)).flat(),
      ...set(to, i32.add(get(to), i32.const(COLUMNS * VECTOR))),
    ]),
  ];
}

/** Writes the products of ROWS vectors from `row` on with the panel's columns to `line`. */
function multiplied({ dim, relaxed, row, end, panel, at, line, stride, registers }: {
  dim: number;
  relaxed: boolean;
  row: Local;
  end: Local;
  panel: Local;
  at: Local;
  line: Local;
  stride: Local;
  registers: Local[];
}): Code {
  const sums = Array.from(
    { length: ROWS },
    (_, r) => registers.slice(r * GROUPS, (r + 1) * GROUPS),
  );
  const ofRows = registers.slice(ROWS * GROUPS, ROWS * GROUPS + ROWS);
  const ofColumns = registers.slice(ROWS * GROUPS + ROWS, -1);
  const spread = registers.at(-1)!;
  const summed = (sum: Local, column: Local): Code =>
    relaxed
      ? set(sum, f32x4.relaxedMadd(get(spread), get(column), get(sum)))
      : set(sum, f32x4.add(f32x4.mul(get(spread), get(column)), get(sum)));
  return [
    ...sums.flat().flatMap((sum) => set(sum, v128.zero)),
    ...set(at, get(panel)),
    ...set(end, i32.add(get(row), i32.const(dim * FLOAT))),
    ...loopUpTo(row, { start: get(row), end: get(end), step: VECTOR }, [
      ...ofRows.flatMap((vector, r) => set(vector, v128.load(get(row), r * dim * FLOAT))),
      ...EACH_LANE.flatMap((lane) => [
        ...ofColumns.flatMap((column, group) =>
          set(column, v128.load(get(at), (lane * GROUPS + group) * VECTOR))
        ),
        ...sums.flatMap((ofRow, r) => [
          ...set(spread, f32x4.shuffle(get(ofRows[r]), get(ofRows[r]), [lane, lane, lane, lane])),
          ...ofRow.flatMap((sum, group) => summed(sum, ofColumns[group])),
        ]),
      ]),
      ...set(at, i32.add(get(at), i32.const(COLUMNS * VECTOR))),
    ]),
    ...sums.flatMap((ofRow) => [
      ...ofRow.flatMap((sum, group) => v128.store(get(line), get(sum), group * VECTOR)),
      ...set(line, i32.add(get(line), i32.mul(get(stride), i32.const(FLOAT)))),
    ]),
  ];
}
