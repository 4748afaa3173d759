import assert from "node:assert/strict";
import fc from "fast-check";
import { randomLibrary, store } from "../db/search/random_library_testing.ts";
import { addressOf, type Params } from "../views/search_address.ts";
import { testApp } from "./testing.ts";

const plain = (html: string) => html.replaceAll("&amp;", "&").replaceAll("&#39;", "'");

/** Addresses and numbers of the links to values. */
const linksOf = (html: string): [string, number][] =>
  [...html.matchAll(/<a href="([^"]+)"[^>]*><bdi>[^<]*<\/bdi> <b>(\d+)<\/b>/g)]
    .map(([, href, photos]) => [plain(href), Number(photos)]);

type Asked = [field: string, value: string][];

/** What may be asked for; people are numbers of entries. */
const FIELDS: [field: string, ...values: string[]][] = [
  ["taken", "2020", "summer 2020", "June 2020", "2019 to 2020", "since 2020", "before 2021"],
  ["from", "2019", "June 2020"],
  ["to", "2020", "June 2020"],
  ["folder", "/", "/a", "/a/b", "/a/b "],
  ["camera", "Canon EOS R5", "Pixel %"],
  ["orientation", "square", "portrait"],
  ["faces", "yes", "0", "2", "2+", "1-3", "4+"],
  ["rating", "-1", "0", "3+", "0-2", "5"],
  ["type", "jpeg", "png"],
  ["people_all", "0", "1"],
  ["people_any", "1", "2"],
  ["people_none", "2"],
];

const SINGLE: Asked[] = FIELDS.flatMap(([field, ...values]) =>
  values.map((value): Asked => [[field, value]])
);
const SEVERAL: Asked[] = [
  [["camera", "Canon EOS R5"], ["camera", "Pixel %"]],
  [["type", "jpeg"], ["type", "png"], ["type", "heic"]],
  [["taken", "2020"], ["from", "June 2020"]],
];
/** Two fields at once. */
const pairs = fc.array(
  fc.tuple(fc.constantFrom(...SINGLE), fc.constantFrom(...SINGLE))
    .filter(([[[one]], [[other]]]) => one !== other).map((parts): Asked => parts.flat()),
  { minLength: 12, maxLength: 12 },
);

Deno.test("each link of a facet shows as many photos as it says", async () => {
  const test = await testApp();
  let followed = 0;
  const total = async (href: string) => {
    const { status, html } = await test.page(href);
    assert.equal(status, 200, href);
    const [, count] = html.match(/id="found-words">\s*(\d+) photos?, the newest/) ?? [];
    return count === undefined ? 0 : Number(count);
  };
  await fc.assert(
    fc.asyncProperty(randomLibrary, pairs, async (library, pairs) => {
      const { people } = await store(test.db, library);
      for (const asked of [...SINGLE, ...SEVERAL, ...pairs]) {
        const params: Params = asked.map(([name, value]) =>
          name.startsWith("people_") ? [name, String(people[Number(value)])] : [name, value]
        );
        const { html } = await test.page(addressOf(params, "/search/facets"));
        const all = await total(addressOf(params));
        for (const [href, photos] of linksOf(html)) {
          const there = await total(href);
          assert.equal(there, photos, `${addressOf(params)} → ${href}`);
          assert.ok(there <= all, `${href} widens ${addressOf(params)}`);
          followed++;
        }
      }
    }),
    // A library that fails takes minutes to be made as small as it can be.
    { numRuns: 2, endOnFailure: true },
  );
  assert.ok(followed > 100, `only ${followed} links were there to follow`);
  await test.close();
});
