import assert from "node:assert/strict";
import fc from "fast-check";
import { createIdRows } from "./id_rows.ts";

Deno.test("ids have the rows they were given, whatever came and went", () => {
  // Ids that crowd, beside each other and beyond 32 bits.
  const id = fc.oneof(
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 60 }).map((low) => low * 2 ** 32 + 7),
  );
  const step = fc.record({ id, row: fc.nat({ max: 2 ** 31 }), removes: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const rows = createIdRows(), model = new Map<number, number>();
    for (const { id, row, removes } of steps) {
      if (removes) assert.equal(rows.delete(id), model.delete(id));
      else {
        rows.set(id, row);
        model.set(id, row);
      }
      assert.equal(rows.size, model.size);
    }
    for (const { id } of steps) assert.equal(rows.get(id), model.get(id) ?? -1);
  }));
});

Deno.test("a table that is emptied in any order and filled again keeps what is left", () => {
  const rows = createIdRows();
  for (let round = 0; round < 3; round++) {
    for (let id = 1; id <= 20_000; id++) rows.set(id * 2 ** (8 * round), id);
    assert.equal(rows.size, 20_000);
    for (let id = 1; id <= 20_000; id += 2) assert.ok(rows.delete(id * 2 ** (8 * round)));
    for (let id = 1; id <= 20_000; id++) {
      assert.equal(rows.get(id * 2 ** (8 * round)), id % 2 === 0 ? id : -1);
    }
    for (let id = 2; id <= 20_000; id += 2) assert.ok(rows.delete(id * 2 ** (8 * round)));
    assert.equal(rows.size, 0);
  }
});
