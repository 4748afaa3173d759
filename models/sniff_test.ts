import assert from "node:assert/strict";
import fc from "fast-check";
import { sniffFormat } from "./sniff.ts";
import { ImageError } from "./types.ts";

// A TIFF whose first directory has one entry of type LONG (or SHORT), in both byte orders.
function tiff(options: { tag: number; value: number; big: boolean; short?: boolean }): Uint8Array {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  const little = !options.big;
  bytes.set(options.big ? [0x4d, 0x4d] : [0x49, 0x49]);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, options.tag, little);
  view.setUint16(12, options.short ? 3 : 4, little);
  view.setUint32(14, 1, little);
  if (options.short) view.setUint16(18, options.value, little);
  else view.setUint32(18, options.value, little);
  return bytes;
}

Deno.test("raw files are told from TIFF pictures by their first directory", () => {
  for (const big of [false, true]) {
    assert.equal(sniffFormat(tiff({ tag: 254, value: 0, big })), "tiff");
    assert.equal(sniffFormat(tiff({ tag: 256, value: 1, big })), "tiff");
    assert.equal(sniffFormat(tiff({ tag: 254, value: 1, big })), "raw");
    assert.equal(sniffFormat(tiff({ tag: 50706, value: 1, big })), "raw");
  }
});

Deno.test("whatever the bytes, the answer is a format or an ImageError", () => {
  const starts = [
    "",
    "II*\0",
    "MM\0*",
    "\0\0\0\x1cftyp",
    "RIFF",
    "\x89PNG",
    "\xff\xd8\xff",
    "GIF89a",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 64 }), (start, rest) => {
      const head = Uint8Array.from(start, (letter) => letter.charCodeAt(0));
      try {
        sniffFormat(Uint8Array.of(...head, ...rest));
      } catch (error) {
        assert.ok(error instanceof ImageError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
