import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { queryMark, readCursor, readSpan, writeCursor } from "./cursor.ts";
import { SearchFault } from "./types.ts";

const foreign = (error: unknown) =>
  error instanceof SearchFault && error.code === "foreign_cursor" &&
  /first page/.test(error.message);

Deno.test("a cursor comes back as it was, for its own query only", () => {
  const mark = queryMark({ words: "red" });
  fc.assert(fc.property(
    fc.double({ min: -1, max: 1, noNaN: true }).filter((score) => !Object.is(score, -0)),
    fc.integer({ min: 1, max: 2 ** 52 }),
    (score, id) => {
      const cursor = writeCursor(mark, { score, id });
      assert.match(cursor, /^[\w-]+$/);
      assert.deepEqual(readCursor(cursor, { mark, kind: "score" }), { score, id });
      assert.throws(() => readCursor(cursor, { mark, kind: "time" }), foreign);
      const other = queryMark({ words: "blue" });
      assert.throws(() => readCursor(cursor, { mark: other, kind: "score" }), foreign);
    },
  ));
  for (const takenAt of ["2019-07-21T18:04:09", null]) {
    const cursor = writeCursor(mark, { takenAt, id: 3 });
    assert.deepEqual(readCursor(cursor, { mark, kind: "time" }), { takenAt, id: 3 });
  }
});

Deno.test("a cursor carries the time that words meant", () => {
  const mark = queryMark({ words: "red" });
  const place = { takenAt: null, id: 3 };
  for (
    const taken of [
      { from: "2019-07-01T00:00:00", to: "2019-08-01T00:00:00" },
      { from: null, to: "2019-08-01T00:00:00" },
    ]
  ) {
    const cursor = writeCursor(mark, place, { taken });
    assert.ok(cursor.length < 300, "as long as the API takes");
    assert.deepEqual(readSpan(cursor), taken);
    assert.deepEqual(readCursor(cursor, { mark, kind: "time" }), place);
  }
  assert.equal(readSpan(writeCursor(mark, place)), null);
  const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
  for (const span of [["2019"], ["2019", null], [null, 3], ["2019-07-01T00:00:00'", null]]) {
    assert.equal(readSpan(made(mark, "time", null, 3, ...span)), null);
  }
});

Deno.test("what is no cursor is told as one of another search", () => {
  const mark = queryMark("x");
  fc.assert(fc.property(fc.string(), (text) => {
    assert.throws(() => readCursor(text, { mark, kind: "score" }), foreign);
    assert.throws(() => readCursor(text, { mark, kind: "time" }), foreign);
  }));
  const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString("base64url");
  for (const cursor of [made(mark, "score", "1", 3), made(mark, "score", 0.5, 1.5), made(mark)]) {
    assert.throws(() => readCursor(cursor, { mark, kind: "score" }), foreign);
  }
  for (const takenAt of ["2019\0", 2019, "x".repeat(1000), { a: 1 }, undefined]) {
    const cursor = made(mark, "time", takenAt, 3);
    if (takenAt === undefined) continue;
    assert.throws(() => readCursor(cursor, { mark, kind: "time" }), foreign);
  }
});

Deno.test("a query is the same in whatever order its parts are written", () => {
  assert.equal(
    queryMark({ a: 1, b: { c: [2, 3], d: 4 } }),
    queryMark({ b: { d: 4, c: [2, 3] }, a: 1 }),
  );
  assert.notEqual(queryMark({ a: [1, 2] }), queryMark({ a: [2, 1] }));
  assert.notEqual(queryMark({ everything: true }), queryMark({ everything: false }));
});
