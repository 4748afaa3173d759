import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTerms, writeTerms } from "./terms.ts";
import { SearchFault } from "./types.ts";

/** "+beach -people" of the terms of a query. */
const told = (words: string) =>
  parseTerms(words).map(({ text, weight }) => (weight > 0 ? "+" : "-") + text);

Deno.test("signs between blanks part what is added from what is taken away", () => {
  const cases: [string, string[]][] = [
    ["beach + dog - people", ["+beach", "+dog", "-people"]],
    ["red car", ["+red car"]],
    ["a dog on the beach - people in the water", ["+a dog on the beach", "-people in the water"]],
    ["  beach   at\tnight \n", ["+beach at night"]],
    ["- people", ["-people"]],
    ["-people", ["-people"]],
    ["+dog", ["+dog"]],
    ["beach -people at night", ["-people", "+beach at night"].reverse()],
    ["-people beach", ["-people", "+beach"]],
    ["dog \u2212 cat", ["+dog", "-cat"]],
    ["dog +", ["+dog"]],
    ["+ - +", []],
    ["dog + - cat", ["+dog", "-cat"]],
    ["", []],
    [" \n ", []],
  ];
  for (const [words, expected] of cases) assert.deepEqual(told(words), expected, words);
});

Deno.test("a sign inside a word, or in quotation marks, is part of it", () => {
  const cases: [string, string[]][] = [
    ["black-and-white", ["+black-and-white"]],
    ["t-shirt", ["+t-shirt"]],
    ["C++", ["+C++"]],
    ["dog --> cat", ["+dog --> cat"]],
    ["--", ["+--"]],
    ['"black - white"', ["+black - white"]],
    ['beach - "people + dogs" - cars', ["+beach", "-people + dogs", "-cars"]],
    ['beach -"a crowd of people" at night', ["+beach at night", "-a crowd of people"]],
    ["\u201crock + roll\u201d", ["+rock + roll"]],
    ['"-people"', ["+-people"]],
    ['""', []],
    ['- ""', []],
    ['a 5" nail', ['+a 5" nail']],
    ['"never closed - dog', ['+"never closed', "-dog"]],
    ['"a"b - c', ['+"a"b', "-c"]],
  ];
  for (const [words, expected] of cases) assert.deepEqual(told(words), expected, words);
});

Deno.test("any script and any character is a word", () => {
  assert.deepEqual(told("🏖️ - 👨‍👩‍👧"), ["+🏖️", "-👨‍👩‍👧"]);
  assert.deepEqual(told("شاطئ + كلب - ناس"), ["+شاطئ", "+كلب", "-ناس"]);
  assert.deepEqual(told("海\u3000夕日"), ["+海 夕日"]);
  assert.deepEqual(told("'; drop table photos; --"), ["+'; drop table photos; --"]);
  assert.deepEqual(told("\0 \u202e <i> \ud800"), ["+\0 \u202e <i> \ud800"]);
});

Deno.test("too long a query, or one of too many parts, is refused and not cut", () => {
  const refused = (words: string, message: RegExp) =>
    assert.throws(
      () => parseTerms(words),
      (error) =>
        error instanceof SearchFault && error.code === "bad_query" && message.test(error.message),
    );
  refused("x".repeat(10_000), /has 10000 characters; it may have 1000/);
  refused("-a ".repeat(17), /has 17 parts/);
  assert.equal(parseTerms("red ".repeat(250)).length, 1);
  assert.equal(parseTerms("-a ".repeat(16)).length, 16);
});

Deno.test("what is written has the same terms", () => {
  const characters = fc.constantFrom(...'abé🦄 \t+-\u2212"\u201c\u201d5');
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 40 }).map((all) => all.join("")), (words) => {
      let terms;
      try {
        terms = parseTerms(words);
      } catch (error) {
        assert.ok(error instanceof SearchFault);
        return;
      }
      for (const { text } of terms) {
        assert.ok(text.length > 0 && text === text.trim());
        // Both kinds of quotation marks in one term are more than quotation marks can hold.
        if (text.includes('"') && /[\u201c\u201d]/.test(text)) return;
      }
      assert.deepEqual(parseTerms(writeTerms(terms)), terms, writeTerms(terms));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("without signs and quotation marks a query is one term, as it is", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (words) => {
    if (/["\u201c]/.test(words) || /(^|\s)[-+\u2212]/.test(words)) return;
    const tidy = words.split(/\s+/).filter(Boolean).join(" ");
    assert.deepEqual(parseTerms(words), tidy === "" ? [] : [{ text: tidy, weight: 1 }]);
    assert.equal(writeTerms(parseTerms(words)), tidy);
  }));
});
