import assert from "node:assert/strict";
import { differenceInWords } from "./difference_in_words.ts";

const nothing = { same: 7, grown: 0, changed: 0, made: 0, gone: 0, facesMoved: 0, proposals: 0 };

Deno.test("a difference is a sentence of what there is to tell", () => {
  const words = (some: Partial<typeof nothing>) => differenceInWords({ ...nothing, ...some });
  assert.equal(words({}), "the groups are as they were");
  assert.equal(words({ grown: 1, facesMoved: 1 }), "1 group grew; 1 face changed places");
  assert.equal(
    words({ grown: 3, made: 2, gone: 1, facesMoved: 41, proposals: 2 }),
    "3 groups grew, 2 are new, 1 is gone; 41 faces changed places; 2 questions wait for an answer",
  );
  assert.equal(
    words({ changed: 2, facesMoved: 5, proposals: 1 }),
    "2 groups lost faces; 5 faces changed places; 1 question waits for an answer",
  );
  assert.equal(
    words({ made: 1, facesMoved: 12_345 }),
    "1 group is new; 12,345 faces changed places",
  );
});
