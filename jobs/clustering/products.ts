/**
 * Where inner products come from. `products(rows, columns, dim)` takes two row-major blocks of
 * vectors and answers a row-major tile, one line a row vector, one float32 a column vector. The
 * tile may be overwritten by the next call, and a backend may put it into the beginning of `into`,
 * if that is given and not shared memory. What lies in shared memory must not change
 * while the backend is open: backends that need it elsewhere copy it once. `rowBlock` × `columnBlock` is the shape that suits the
 * backend: its time is also how long a cancellation may wait. An entry may be off by the rounding
 * of a float32 sum (see `roundingSlack`); everything that decides a result is computed again in
 * float64, so every backend leads to the same clusters.
 */
export interface ProductBackend {
  readonly name: "onnx" | "wasm" | "js";
  readonly rowBlock: number;
  readonly columnBlock: number;
  /** Products in tiles that take the time of one `similarity`, about: for even progress. */
  readonly pace: number;
  /** Cores it uses. */
  readonly threads: number;
  products(
    rows: Float32Array,
    columns: Float32Array,
    dim: number,
    into?: Float32Array,
  ): Float32Array | Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Largest error of a float32 inner product of two unit vectors of `dim` elements: dim · 2⁻²⁴ bounds
 * any order of summation, 4e-6 covers vectors whose length is 1 only to float32 rounding.
 */
export function roundingSlack(dim: number): number {
  return dim * 2 ** -24 + 4e-6;
}

/**
 * The reference backend: plain JavaScript, float64 sums, about 2.4 GMAC/s on one core. Two rows by
 * four columns at a time measured 30 % above two by two, and four by four adds nothing; 64 × 256
 * keeps a 512-d tile near 4 ms.
 */
export function jsProducts(): ProductBackend {
  let tile = new Float32Array(0);
  return {
    name: "js",
    rowBlock: 64,
    columnBlock: 256,
    pace: 1.3,
    threads: 1,
    products(rows, columns, dim, into) {
      const size = rows.length / dim * (columns.length / dim);
      if (!into && tile.length < size) tile = new Float32Array(size);
      multiply(rows, columns, { dim, tile: into ?? tile });
      return into ?? tile;
    },
    close: () => Promise.resolve(),
  };
}

function multiply(
  a: Float32Array,
  b: Float32Array,
  { dim, tile }: { dim: number; tile: Float32Array },
) {
  const rows = a.length / dim, columns = b.length / dim;
  const blockedRows = rows - rows % 2, blockedColumns = columns - columns % 4;
  for (let r = 0; r < blockedRows; r += 2) {
    for (let c = 0; c < blockedColumns; c += 4) {
      const p = r * dim, q = p + dim;
      const w = c * dim, x = w + dim, y = x + dim, z = y + dim;
      let pw = 0, px = 0, py = 0, pz = 0, qw = 0, qx = 0, qy = 0, qz = 0;
      for (let i = 0; i < dim; i++) {
        const ap = a[p + i], aq = a[q + i];
        const bw = b[w + i], bx = b[x + i], by = b[y + i], bz = b[z + i];
        pw += ap * bw;
        px += ap * bx;
        py += ap * by;
        pz += ap * bz;
        qw += aq * bw;
        qx += aq * bx;
        qy += aq * by;
        qz += aq * bz;
      }
      const upper = r * columns + c, lower = upper + columns;
      tile[upper] = pw;
      tile[upper + 1] = px;
      tile[upper + 2] = py;
      tile[upper + 3] = pz;
      tile[lower] = qw;
      tile[lower + 1] = qx;
      tile[lower + 2] = qy;
      tile[lower + 3] = qz;
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let c = r < blockedRows ? blockedColumns : 0; c < columns; c++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += a[r * dim + i] * b[c * dim + i];
      tile[r * columns + c] = sum;
    }
  }
}
