import assert from "node:assert/strict";
import { letterbox } from "./letterbox.ts";

const grey = (width: number, height: number) => ({
  data: new Uint8Array(width * height * 3).fill(200),
  width,
  height,
});

Deno.test("the picture lies at the top left of a black square", async () => {
  const { pixels, ...frame } = await letterbox(grey(40, 20), { size: 64, square: true });
  assert.deepEqual(frame, { width: 64, height: 64, scaleX: 1.6, scaleY: 1.6 });
  const level = (x: number, y: number) => pixels[(y * 64 + x) * 3];
  assert.equal(pixels.length, 64 * 64 * 3);
  assert.deepEqual([level(0, 0), level(63, 31), level(0, 32), level(63, 63)], [200, 200, 0, 0]);
});

Deno.test("a graph that takes any size gets no more black than whole cells need", async () => {
  for (const [width, height] of [[80, 60], [60, 80]]) {
    const { pixels, ...frame } = await letterbox(grey(width, height), { size: 160, square: false });
    assert.deepEqual(frame, {
      width: width > height ? 160 : 128,
      height: width > height ? 128 : 160,
      scaleX: 2,
      scaleY: 2,
    });
    const level = (x: number, y: number) => pixels[(y * frame.width + x) * 3];
    assert.deepEqual([level(0, 0), level(119, 119)], [200, 200]);
    assert.equal(level(frame.width - 1, frame.height - 1), 0);
  }
  // Never beyond the size, which need not be a multiple of the cells.
  const odd = await letterbox(grey(10, 10), { size: 100, square: false });
  assert.deepEqual([odd.width, odd.height], [100, 100]);
});

Deno.test("very long pictures keep a pixel of width", async () => {
  const tall = await letterbox(grey(1, 900), { size: 64, square: false });
  assert.deepEqual([tall.width, tall.height, tall.scaleX], [32, 64, 1]);
  assert.equal((await letterbox(grey(1, 900), { size: 64, square: true })).width, 64);
});
