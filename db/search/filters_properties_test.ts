import assert from "node:assert/strict";
import fc from "fast-check";
import type { Db } from "../client.ts";
import { testDatabase } from "../testing.ts";
import { browse, countPassing, type Place } from "./browse.ts";
import { countFacets } from "./facets.ts";
import { filterSelect, isEmptyFilter } from "./filter_select.ts";
import {
  passing,
  randomFilter,
  type RandomLibrary,
  randomLibrary,
  store,
  type Stored,
  storedFilter,
} from "./random_library_testing.ts";
import type { Facets, PhotoFilter } from "./types.ts";

const database = await testDatabase();
const { db } = database;

const several = fc.array(randomFilter, { minLength: 8, maxLength: 8 });

/** Ids that a filter selects, as often as it does. */
async function selected(filter: PhotoFilter, few: boolean): Promise<number[]> {
  const rows = await db.execute<{ id: string }>(filterSelect(filter, { few }));
  return rows.map(({ id }) => Number(id));
}

async function browsed(db: Db, filter: PhotoFilter, limit: number): Promise<number[]> {
  const ids: number[] = [];
  let after: Place | null = null;
  do {
    const page = await browse(db, filter, { limit, after });
    assert(page.ids.length === limit || page.nextAfter === null, "a page before the last is full");
    ids.push(...page.ids);
    after = page.nextAfter;
  } while (after);
  return ids;
}

Deno.test("whatever library and filter: exactly the photos that pass, in every way of asking", async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(randomLibrary, several, fc.integer({ min: 1, max: 5 }), async (...given) => {
      const [library, filters, limit] = given;
      const stored = await store(db, library);
      for (const filter of [{}, ...filters]) {
        const expected = passing(library, filter).map((index) => stored.photos[index]);
        const asked = storedFilter(filter, stored);
        const inOrder = expected.toSorted((a, b) => a - b);
        for (const few of [false, true]) {
          const ids = await selected(asked, few);
          assert.deepEqual(ids.sort((a, b) => a - b), inOrder, JSON.stringify(filter));
        }
        assert.deepEqual(await browsed(db, asked, limit), expected);
        const { count, more } = await countPassing(db, asked, { atMost: limit });
        assert.deepEqual([count, more], [
          Math.min(limit, expected.length),
          expected.length > limit,
        ]);
        found += Object.keys(filter).length > 0 ? expected.length : 0;
      }
    }),
    { numRuns: 40 },
  );

  assert(found > 120, `only ${found} photos passed: these filters test nothing`);
});

/** The filter that a value of a facet stands for. */
const MEANT: Record<Exclude<keyof Facets, "counted" | "more">, (value: string) => PhotoFilter> = {
  people: (value) => ({ people: { all: [Number(value)], any: [], none: [] } }),
  years: (value) => ({
    taken: { from: `${value}-01-01T00:00:00`, to: `${Number(value) + 1}-01-01T00:00:00` },
  }),
  cameras: (value) => ({ cameras: [value] }),
  formats: (value) => ({ formats: [value] }),
  orientations: (value) => ({ orientation: value as PhotoFilter["orientation"] }),
  ratings: (value) => ({ rating: { min: Number(value), max: Number(value) } }),
  faces: (value) => ({
    faces: { min: parseInt(value), max: value.endsWith("+") ? null : Number(value) },
  }),
  folders: (value) => ({ folder: value }),
};

async function checkFacets(library: RandomLibrary, filter: PhotoFilter, stored: Stored) {
  const asked = storedFilter(filter, stored);
  const facets = await countFacets(db, filterSelect(asked));
  const all = await selected(asked, false);
  assert.equal(facets.counted, all.length);
  for (const [kind, meant] of Object.entries(MEANT)) {
    for (const { value, photos } of facets[kind as keyof typeof MEANT]) {
      const narrower = new Set(await selected(meant(value), false));
      const expected = all.filter((id) => narrower.has(id)).length;
      assert.equal(
        photos,
        expected,
        `${kind} ${JSON.stringify(value)} of ${JSON.stringify(library)}`,
      );
    }
  }
  const sum = (kind: keyof typeof MEANT) =>
    facets[kind].reduce((sum, { photos }) => sum + photos, 0);
  // What every photo has one of.
  for (const kind of ["formats", "orientations", "ratings", "faces"] as const) {
    assert.equal(sum(kind), all.length, kind);
  }
}

Deno.test("the number beside a value is how many photos are left once it is chosen", async () => {
  await fc.assert(
    fc.asyncProperty(randomLibrary, randomFilter, async (library, filter) => {
      const stored = await store(db, library);
      for (const asked of [{}, filter]) await checkFacets(library, asked, stored);
    }),
    { numRuns: 15 },
  );
});

Deno.test("a filter is empty if it leaves nothing out", () => {
  const none = { all: [], any: [], none: [] };
  const open = { min: null, max: null };
  const empty = [{}, { people: none }, { taken: { from: null, to: null } }, { faces: open }, {
    ...{ cameras: [], formats: [], rating: open, faces: { min: 0, max: null } },
  }];
  for (const filter of empty) assert(isEmptyFilter(filter), JSON.stringify(filter));
  const parts = [{ people: { ...none, none: [1] } }, { folder: "/" }, {
    faces: { min: 0, max: 0 },
  }];
  for (const filter of parts) assert(!isEmptyFilter(filter), JSON.stringify(filter));
});

Deno.test("numbers beyond every column find nothing and break nothing", async () => {
  await store(db, { photos: [], files: [], faces: [], jobs: [] });
  const huge = Number.MAX_SAFE_INTEGER;
  const filters: PhotoFilter[] = [
    { rating: { min: huge, max: null } },
    { rating: { min: null, max: -huge } },
    { faces: { min: huge, max: huge } },
    { faces: { min: null, max: huge }, rating: { min: -huge, max: huge } },
    { sessionId: huge, people: { all: [huge], any: [huge], none: [huge] } },
    { folder: "/".repeat(5000), cameras: ["x".repeat(10_000)] },
  ];
  for (const filter of filters) {
    assert.deepEqual(await selected(filter, false), []);
    assert.deepEqual(await selected(filter, true), []);
  }
});

Deno.test({ name: "the database goes", fn: () => database.drop() });
