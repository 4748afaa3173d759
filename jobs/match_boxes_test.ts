import assert from "node:assert/strict";
import { matchBoxes } from "./match_boxes.ts";

Deno.test("boxes are matched one to one, the best overlap first, and only from one half on", () => {
  const at = (x: number, width = 10) => [x, 0, width, 10];
  assert.deepEqual([...matchBoxes([at(0)], [at(0)])], [[0, 0]]);
  // Shifted by a third of their width: 6.67 of 13.33 are shared, exactly one half.
  assert.equal(matchBoxes([[0, 0, 3, 1]], [[1, 0, 3, 1]]).size, 1);
  assert.equal(matchBoxes([[0, 0, 3, 1]], [[1.01, 0, 3, 1]]).size, 0);
  // Both would do for the first; the nearer one gets it, and the other is left with nothing.
  const matched = matchBoxes([at(2), at(0)], [at(0)]);
  assert.deepEqual([...matched], [[1, 0]]);
  assert.deepEqual([...matchBoxes([at(0), at(3)], [at(2), at(0)])].sort(), [[0, 1], [1, 0]]);
  assert.equal(matchBoxes([], [at(0)]).size, 0);
});
