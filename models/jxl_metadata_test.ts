import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brotliCompressSync } from "node:zlib";
import { jxlMetadata } from "./jxl_metadata.ts";

function box(type: string, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, body]);
}

const packed = (type: string, body: Uint8Array) =>
  box("brob", Buffer.from(type), brotliCompressSync(body));

const exif = Buffer.from("\0\0\0\0MM\0*", "latin1");

Deno.test("EXIF and XMP are found, packed or not", () => {
  for (const make of [box, packed]) {
    const { exif: block, xmp } = jxlMetadata(
      Buffer.concat([make("xml ", Buffer.from("<x/>")), make("Exif", exif)]),
    );
    assert.equal(Buffer.from(xmp!).toString(), "<x/>");
    assert.equal(Buffer.from(block!).toString("latin1"), "MM\0*");
  }
});

Deno.test("of many packed boxes one of each kind is unpacked", () => {
  // 3 MB of each, 60 GB of all.
  const bomb = packed("xml ", Buffer.alloc(3 << 20, " "));
  const file = Buffer.concat([
    packed("xml ", Buffer.from("<first/>")),
    ...Array(20_000).fill(bomb),
    packed("Exif", exif),
  ]);
  const started = performance.now();
  const { exif: block, xmp } = jxlMetadata(file);
  assert.equal(Buffer.from(xmp!).toString(), "<first/>");
  assert.equal(block?.length, 4);
  assert(performance.now() - started < 10_000, "every box was unpacked");
});
