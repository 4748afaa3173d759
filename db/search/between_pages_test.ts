import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { ask, idsOf, later, redLibrary } from "./search_testing.ts";

Deno.test("between two pages", async (t) => {
  const library = await redLibrary();
  const search = library.open();
  const ids = await library.add(Array.from({ length: 40 }, (_, i) => 0.95 - i / 100));
  const everything = { words: "red", everything: true };

  await t.step("a photo may stop to pass the filter, and is not shown", async () => {
    const request = { ...everything, filter: { cameras: ["Leica M6"] }, limit: 10 };
    const first = await ask(search, request);
    await library.db.execute(sql`update photos set camera = 'Zorki' where id = ${ids[12]}`);
    const next = await ask(search, { ...request, cursor: first.nextCursor! });
    assert.deepEqual(idsOf(first), ids.slice(0, 10));
    assert.deepEqual(idsOf(next), [10, 11, 13, 14, 15, 16, 17, 18, 19, 20].map((at) => ids[at]));
    await library.db.execute(sql`update photos set camera = 'Leica M6' where id = ${ids[12]}`);
  });

  await t.step("the day may end: words for dates mean what they did on the first", async () => {
    const before = { from: "2019-01-01T00:00:00", to: "2019-02-01T00:00:00" };
    const after = { from: "2019-02-01T00:00:00", to: "2019-03-01T00:00:00" };
    for (const what of [everything, { words: "" }]) {
      const request = { ...what, dates: "last month", limit: 10 };
      const first = await ask(search, { ...request, filter: { taken: before } });
      const cursor = first.nextCursor!;
      const next = await ask(search, { ...request, filter: { taken: after }, cursor });
      assert.equal(new Set([...idsOf(first), ...idsOf(next)]).size, 20);
      const foreign = { code: "foreign_cursor" };
      for (const dates of [undefined, "this month"]) {
        const other = { ...request, dates, filter: { taken: before }, cursor };
        await assert.rejects(ask(search, other), foreign);
      }
    }
  });

  await t.step("nothing is counted: who turns the page has seen the number", async () => {
    const filter = { rating: { min: 0, max: 4 } };
    const first = await ask(search, { ...everything, filter, limit: 10 });
    assert.equal(first.total, 40);
    await later();
    const other = library.open();
    const next = await ask(other, {
      ...{ ...everything, filter, limit: 10, cursor: first.nextCursor! },
    });
    assert.equal(next.total, null);
    await other.close();
  });

  await search.close();
  await library.close();
});

Deno.test("counting by kind changes nothing about what is found", async () => {
  const library = await redLibrary();
  const search = library.open();
  await library.add(Array.from({ length: 300 }, (_, i) => 0.99 - i / 10_000));
  await library.addOthers(700);
  await search.warm();
  const plain = await ask(search, { words: "red", limit: 200 });
  const counted = await ask(search, { words: "red", limit: 200, facets: true });
  assert.deepEqual(idsOf(counted), idsOf(plain));
  const next = { words: "red", limit: 200, cursor: plain.nextCursor! };
  const [rest, more] = [await ask(search, next), await ask(search, { ...next, facets: true })];
  assert.deepEqual([idsOf(more), more.cut], [idsOf(rest), rest.cut]);
  assert.deepEqual([counted.facets!.counted, counted.facets!.more], [300, false]);
  await library.add(Array.from({ length: 1500 }, () => 0.5));
  await later();
  const all = await ask(search, { words: "red", everything: true, facets: true });
  assert.ok(all.facets!.more && all.facets!.counted >= 1500 && all.facets!.counted < 2500);
  await search.close();
  await library.close();
});
