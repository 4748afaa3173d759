import assert from "node:assert/strict";
import fc from "fast-check";
import { PeopleFault } from "./fault.ts";
import { cleanName } from "./names.ts";

Deno.test("names are text: trimmed, composed, one space for each gap, markup and all", () => {
  const cases = {
    "Anna": "Anna",
    "  Anna \t\n  B.  ": "Anna B.",
    "<b>Anna</b> & 'Co'": "<b>Anna</b> & 'Co'",
    "Zoe\u0308": "Zoë",
    "李 小龍": "李 小龍",
    "👩‍👧": "👩‍👧",
    "علی‌رضا": "علی‌رضا",
  };
  for (const [given, clean] of Object.entries(cases)) assert.equal(cleanName(given), clean);
  assert.equal(cleanName("😀".repeat(200)).length, 400);
});

Deno.test("what is no name is refused, with what is wrong about it", () => {
  const cases: [string, RegExp][] = [
    ["", /needs a letter/],
    [" \n\t\u00a0 ", /needs a letter/],
    ["\u200b\u200d\ufeff", /needs a letter/],
    ["\u0301", /needs a letter/],
    ["x".repeat(201), /201 characters; at most 200/],
    ["x".repeat(10_000), /10000 characters/],
    ["x".repeat(10_000_000), /10000000 characters/],
    ["An\u0000na", /control characters/],
    ["An\u001b[31mna", /control characters/],
    ["Anna\u202ennA", /control characters/],
    ["Anna\ud800", /control characters/],
  ];
  for (const [name, message] of cases) {
    assert.throws(() => cleanName(name), (error: unknown) => {
      assert(error instanceof PeopleFault && error.kind === "invalid");
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a name that is clean stays so, and is never too long", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 220 }), (name) => {
      let clean: string;
      try {
        clean = cleanName(name);
      } catch (error) {
        return assert(error instanceof PeopleFault);
      }
      accepted++;
      assert.equal(cleanName(clean), clean);
      assert([...clean].length <= 200 && clean.trim() === clean && !/\s\s/u.test(clean));
    }),
    { numRuns: 500 },
  );
  assert(accepted > 50, `${accepted} names`);
});
