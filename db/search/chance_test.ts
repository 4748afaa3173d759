import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { ask, idsOf, later, redLibrary } from "./search_testing.ts";

Deno.test("what is no better than chance is held back", async (t) => {
  const library = await redLibrary();
  const search = library.open();
  const reds = await library.add([0.95, 0.92, 0.9, 0.88, 0.86, 0.84]);
  const others = await library.addOthers(60);
  await search.warm();

  await t.step("and shown where somebody wants it", async () => {
    const found = await ask(search, { words: "red", limit: 100 });
    assert.deepEqual(idsOf(found), reds);
    assert.deepEqual([found.cut, found.nextCursor, found.total], [true, null, 66]);
    assert.ok(found.results.every(({ relevance }) => relevance! > 0.99 && relevance! <= 1));
    const everything = await ask(search, { words: "red", limit: 100, everything: true });
    assert.deepEqual(idsOf(everything).slice(0, 6), reds);
    assert.equal(everything.results.length, 66);
    assert.equal(everything.cut, false);
    const relevances = everything.results.map(({ relevance }) => relevance!);
    assert.ok(relevances.every((one, i) => i === 0 || one <= relevances[i - 1] + 1e-6));
    assert.ok(relevances.at(-1)! < 0.9);
  });

  await t.step("page by page, and only on the last is it said", async () => {
    const first = await ask(search, { words: "red", limit: 4 });
    assert.deepEqual([idsOf(first), first.cut], [reds.slice(0, 4), false]);
    const last = await ask(search, { words: "red", limit: 4, cursor: first.nextCursor! });
    assert.deepEqual([idsOf(last), last.cut, last.nextCursor], [reds.slice(4), true, null]);
  });

  await t.step("after the filters: of few photos fewer are good by chance", async () => {
    await library.db.execute(sql`update photos set camera = 'Rare' where id in
      (${reds[5]}, ${others[0]}, ${others[59]})`);
    const found = await ask(search, { words: "red", filter: { cameras: ["Rare"] } });
    assert.deepEqual(idsOf(found), [reds[5]]);
    assert.equal(found.cut, true);
  });

  await t.step("also of what is like a photo, and of what is put together", async () => {
    const like = await ask(search, { photoId: reds[0], limit: 100 });
    assert.deepEqual(idsOf(like).slice(0, 5), reds.slice(1));
    assert.ok(like.results.every(({ relevance }) => relevance !== null && relevance > 0.5));
    const mixed = await ask(search, {
      ...{ photoId: reds[0], words: "red - blue", limit: 100, everything: true },
    });
    assert.deepEqual(new Set(idsOf(mixed).slice(0, 5)), new Set(reds.slice(1)));
    assert.ok(mixed.results[0].relevance! > 0.9);
  });

  await t.step("a picture has its nearest, if they are rarer than one pair in twenty", async () => {
    const found = await ask(search, { photoId: others[0], limit: 100 });
    assert.ok(found.results.length > 0 && found.results.length <= 24);
    assert.ok(found.results.every(({ relevance }) => relevance! >= 0.95));
    assert.equal(found.cut, true);
  });

  await t.step("where nothing is left that is said, and that there are others", async () => {
    const found = await ask(search, { words: "purple" });
    assert.deepEqual([found.results, found.cut], [[], true]);
    assert.match(found.message!, /No picture is like these words/);
  });

  await t.step("before chance was measured nothing is held back but what points away", async () => {
    const fresh = library.open();
    const blue = () => ask(fresh, { words: "blue", limit: 100 });
    const first = await blue();
    assert.match(first.notice!, /not cut off yet/);
    assert.equal((await ask(fresh, { words: "blue", everything: true })).notice, null);
    assert.ok(first.results.every(({ score, relevance }) => score! > 0 && relevance === null));
    // It is measured beside; a search after that knows.
    let found = await blue();
    while (found.results[0].relevance === null) {
      await later();
      found = await blue();
    }
    assert.ok(found.results.length < first.results.length && found.cut);
    assert.equal(found.notice, null);
    assert.deepEqual(idsOf(found), idsOf(first).slice(0, found.results.length));
    await fresh.close();
  });

  await t.step("a search that is closed while chance is measured ends at once", async () => {
    const fresh = library.open();
    await ask(fresh, { words: "red" });
    await fresh.close();
    await assert.rejects(ask(fresh, { words: "red" }), /closed/);
  });

  await search.close();
  await library.close();
});

Deno.test("the first search of a library that was empty is cut off already", async () => {
  const library = await redLibrary();
  const warmed = library.open();
  await warmed.warm();
  const asked = library.open();
  // Nobody warmed this one: its first search begins to learn what the model makes of texts.
  assert.equal((await ask(asked, { words: "red" })).results.length, 0);
  const begun = performance.now();
  const reds = await library.add([0.95, 0.92, 0.9, 0.88, 0.86, 0.84]);
  await library.addOthers(60);
  while (performance.now() - begun < 1500) await later();
  for (const search of [warmed, asked]) {
    const found = await ask(search, { words: "red", limit: 100 });
    assert.deepEqual([idsOf(found), found.cut, found.notice], [reds, true, null]);
    await search.close();
  }
  await library.close();
});
