import type { ProductBackend } from "./products.ts";

/**
 * ONNX Runtime's Gemm on the processor as the product backend: some twenty times the plain
 * JavaScript one per core. `threads` is the number of cores (0 = all). Fails when the native
 * package cannot be loaded; close it to free the session.
 */
export async function onnxProducts(threads = 0): Promise<ProductBackend> {
  const { InferenceSession, Tensor } = await import("../../models/onnxruntime.ts");
  const session = await InferenceSession.create(gemmModel(), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    // The session lives for seconds and its tiles are large: holding on to arenas buys nothing.
    enableMemPattern: false,
  });
  const unshared = unsharer();
  const cores = threads || navigator.hardwareConcurrency;
  return {
    name: "onnx",
    // 256 rows measured fastest on two cores; 1,024 columns keep a 512-d tile under 5 ms.
    rowBlock: 256,
    columnBlock: 1024,
    pace: 25 * cores,
    threads: cores,
    async products(rows, columns, dim, into) {
      const height = rows.length / dim, width = columns.length / dim;
      const feeds = {
        rows: new Tensor("float32", unshared(rows), [height, dim]),
        columns: new Tensor("float32", unshared(columns), [width, dim]),
      };
      if (!into) return (await session.run(feeds)).tile.data as Float32Array;
      const tile = new Tensor("float32", into.subarray(0, height * width), [height, width]);
      await session.run(feeds, { tile });
      return into;
    },
    close: () => session.release(),
  };
}

/**
 * The native binding refuses shared memory ("Invalid argument"). All of what a shared block is part
 * of is copied when it is first seen: copying the blocks, each many times, would take a tenth of
 * the products' time. So what is shared must not change while the backend is in use.
 */
function unsharer(): (block: Float32Array) => Float32Array {
  let known: { shared: ArrayBufferLike; copy: ArrayBuffer } | undefined;
  return (block) => {
    const { buffer, byteOffset, length } = block;
    if (!(buffer instanceof SharedArrayBuffer)) return block;
    if (known?.shared !== buffer) {
      const copy = new Uint8Array(buffer.byteLength);
      copy.set(new Uint8Array(buffer));
      known = { shared: buffer, copy: copy.buffer };
    }
    return new Float32Array(known.copy, byteOffset, length);
  };
}

/**
 * The model `tile = Gemm(rows, columnsᵀ)` as ONNX protobuf bytes: IR version 8, opset 13. Field
 * numbers are those of onnx.proto3.
 */
function gemmModel(): Uint8Array {
  const gemm = message([
    text(1, "rows"),
    text(1, "columns"),
    text(2, "tile"),
    text(4, "Gemm"),
    field(5, message([text(1, "transB"), integer(3, 1), integer(20, 2)])), // attribute of type INT
  ]);
  const graph = message([
    field(1, gemm),
    text(2, "products"),
    field(11, matrix("rows", ["r", "d"])),
    field(11, matrix("columns", ["c", "d"])),
    field(12, matrix("tile", ["r", "c"])),
  ]);
  return message([
    integer(1, 8),
    field(7, graph),
    field(8, message([text(1, ""), integer(2, 13)])),
  ]);
}

function matrix(name: string, dimensions: string[]): Uint8Array {
  const shape = message(dimensions.map((d) => field(1, message([text(2, d)]))));
  const float32 = message([integer(1, 1), field(2, shape)]);
  return message([text(1, name), field(2, message([field(1, float32)]))]);
}

function message(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function integer(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number << 3), ...varint(value)]);
}

function field(number: number, body: Uint8Array): Uint8Array {
  return Uint8Array.from([...varint(number << 3 | 2), ...varint(body.length), ...body]);
}

function text(number: number, value: string): Uint8Array {
  return field(number, new TextEncoder().encode(value));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...varint(value >>> 7)];
}
