import assert from "node:assert/strict";
import { cluster } from "./cluster.ts";
import { FACE_DEFAULTS } from "./face_defaults.ts";
import type { Multiply } from "./product_chunks.ts";
import { COLUMNS, productModule, ROWS } from "./product_kernel.ts";
import { jsProducts, roundingSlack } from "./products.ts";
import { onnxProducts } from "./products_onnx.ts";
import { wasmProducts } from "./products_wasm.ts";
import { differing, floats32, normalise, seeded, withReference } from "./test_support.ts";

function vectors(count: number, dim: number, seed: number): Float32Array {
  const next = seeded(seed);
  return normalise(Float32Array.from({ length: count * dim }, () => next() - .5), dim);
}

Deno.test("every backend's products are those of float64, within the slack", async () => {
  for (const backend of [jsProducts(), wasmProducts(1), wasmProducts(3), await onnxProducts()]) {
    try {
      for (
        const [rows, columns, dim] of [
          [1, 1, 1],
          [5, 7, 3],
          [240, 1024, 128],
          [64, 33, 512],
          [3, 4, 512],
          [241, 1030, 17],
        ]
      ) {
        const a = vectors(rows, dim, 1), b = vectors(columns, dim, 2);
        for (const into of [undefined, new Float32Array(rows * columns + 5)]) {
          const tile = await backend.products(a, b, dim, into);
          for (let r = 0; r < rows; r++) {
            for (let c = 0; c < columns; c++) {
              let exact = 0;
              for (let i = 0; i < dim; i++) exact += a[r * dim + i] * b[c * dim + i];
              const off = Math.abs(tile[r * columns + c] - exact);
              const where = `${backend.name}, ${rows} × ${columns} × ${dim} at ${r}, ${c}`;
              assert.ok(off <= roundingSlack(dim), `${where}: off by ${off}`);
            }
          }
        }
      }
    } finally {
      await backend.close();
    }
  }
});

Deno.test("vectors in shared memory, and blocks that lie anywhere in it, are as good", async () => {
  const dim = 24, plain = vectors(50, dim, 3);
  const shared = new Float32Array(new SharedArrayBuffer(4 * (plain.length + 3)), 12);
  shared.set(plain);
  for (const backend of [jsProducts(), wasmProducts(2), await onnxProducts()]) {
    const of = async (all: Float32Array) => {
      const rows = all.subarray(7 * dim, 19 * dim), columns = all.subarray(11 * dim, 50 * dim);
      const tile = await backend.products(rows, columns, dim);
      return [...tile.subarray(0, 12 * 39)];
    };
    assert.deepEqual(await of(shared), await of(plain), backend.name);
    await backend.close();
  }
});

Deno.test("without relaxed SIMD the kernel is another that a plain engine takes", () => {
  const pages = { initial: 1, maximum: 2 };
  const plain = productModule(512, { relaxed: false, pages });
  assert.ok(WebAssembly.validate(plain));
  assert.notDeepEqual(plain, productModule(512, { relaxed: true, pages }));
  const memory = new WebAssembly.Memory({ ...pages, shared: true });
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(productModule(8, { relaxed: false, pages })),
    { env: { memory } },
  );
  const floats = new Float32Array(memory.buffer), dim = 8;
  floats.set(Float32Array.from({ length: (ROWS + COLUMNS) * dim }, (_, i) => i % 100));
  const [columns, panel, tile] = [ROWS * dim, 1024, 2048];
  const multiply = exports.multiply as Multiply;
  multiply(0, columns * 4, panel * 4, tile * 4, ROWS, COLUMNS, COLUMNS);
  for (let r = 0; r < ROWS; r++) {
    for (let c = 0; c < COLUMNS; c++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += floats[r * dim + i] * floats[columns + c * dim + i];
      assert.equal(floats[tile + r * COLUMNS + c], sum);
    }
  }
});

Deno.test("threads end when the backend closes, however many tiles there were", async () => {
  // An open thread would keep this process, and an unclosed one fails the test's sanitizer.
  for (const tiles of [0, 1, 200]) {
    const backend = wasmProducts(3), block = vectors(9, 16, 4);
    for (let i = 0; i < tiles; i++) await backend.products(block, block, 16);
    await backend.close();
  }
});

Deno.test(
  "ONNX Runtime, WebAssembly and JavaScript lead to one partition",
  withReference(async (folder) => {
    for (const [set, options] of [["h2k", {}], ["bh2k", FACE_DEFAULTS]] as const) {
      const vectors = floats32(`${folder}/${set}.emb.f32`);
      const { labels } = await cluster(vectors, 512, { ...options, products: "onnx" });
      for (const products of ["wasm", "js"] as const) {
        const other = await cluster(vectors, 512, { ...options, products });
        assert.equal(differing(other.labels, labels), 0, `${set}, ${products}`);
      }
    }
  }),
);
