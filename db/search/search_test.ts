import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { ask, idsOf, later, product, redLibrary } from "./search_testing.ts";
import type { SearchRequest } from "./types.ts";

Deno.test("pages", async (t) => {
  const library = await redLibrary();
  const search = library.open();
  const cosines = Array.from({ length: 400 }, (_, i) => Math.fround(0.05 + 0.9 * i / 400));
  const ids = await library.add(cosines);
  const best = [...ids].reverse();
  const red = (more: Partial<SearchRequest> = {}) =>
    ask(search, { words: "red", everything: true, ...more });

  await t.step("follow each other to the end", async () => {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await red({ limit: 37, cursor });
      seen.push(...idsOf(page));
      // Counted for the first; whoever turns the page gets it while it is fresh, a hundred times what it took.
      assert.ok(page.total === 400 || cursor && page.total === null, String(page.total));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    assert.deepEqual(seen, best);
  });

  await t.step("show no photo twice and skip none while others come, in any process", async () => {
    const other = library.open();
    const seen: number[] = [];
    let cursor: string | undefined;
    for (let turn = 0;; turn++) {
      const page = await ask(turn % 2 ? other : search, {
        ...{ words: "red", everything: true, limit: 90, cursor },
      });
      seen.push(...idsOf(page));
      if (!page.nextCursor) break;
      cursor = page.nextCursor;
      await library.add([0.99, 0.5, 0.01]);
      await later();
    }
    assert.equal(new Set(seen).size, seen.length);
    const old = new Set(ids);
    assert.deepEqual(seen.filter((id) => old.has(id)), best);
    await other.close();
    await library.remove(sql`photo_id > ${ids.at(-1)}`);
    await later();
  });

  await t.step("go through photos of one score by their ids", async () => {
    const same = await library.add(Array.from({ length: 300 }, () => 0.97));
    await later();
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await red({ limit: 50, cursor });
      seen.push(...idsOf(page));
      cursor = page.nextCursor ?? undefined;
    } while (seen.length < 400);
    assert.deepEqual(seen.slice(0, 300), same);
    assert.deepEqual(seen.slice(300), best.slice(0, 100));
    await library.remove(sql`photo_id > ${ids.at(-1)}`);
    await later();
  });

  await t.step("belong to one query", async () => {
    const { nextCursor } = await red({ limit: 5 });
    const browsed = await ask(search, { limit: 5 });
    const foreign = { name: "SearchFault", code: "foreign_cursor" };
    for (
      const other of [
        { words: "blue" },
        { words: "red", everything: false },
        { words: "red", filter: { orientation: "landscape" as const } },
        { words: "", everything: undefined },
        { cursor: browsed.nextCursor! },
        { cursor: "x" },
      ]
    ) await assert.rejects(red({ limit: 5, cursor: nextCursor!, ...other }), foreign);
    await assert.rejects(ask(search, { cursor: nextCursor! }), foreign);
  });

  await t.step("without words go from the newest to the oldest", async () => {
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask(search, { limit: 90, cursor });
      assert.ok(page.results.every(({ score, relevance }) => score === null && relevance === null));
      assert.equal(page.model, "");
      seen.push(...idsOf(page));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    assert.deepEqual(seen.toSorted((a, b) => a - b), ids);
  });

  await t.step("under a filter have all that pass and no other", async () => {
    const rare = await library.add([0.02, 0.3, 0.001], { camera: "Rare" });
    await later();
    const filter = { cameras: ["Rare"] };
    const found = await red({ filter });
    assert.deepEqual(idsOf(found), [rare[1], rare[0], rare[2]]);
    assert.deepEqual([found.total, found.nextCursor, found.cut], [3, null, false]);
    const none = await red({ filter: { cameras: ["None"] } });
    assert.match(none.message!, /filters/);
    assert.equal(none.total, 0);
    const facets = await red({ filter, facets: true });
    assert.deepEqual(facets.facets!.cameras, [{ value: "Rare", label: "Rare", photos: 3 }]);
  });

  await search.close();
  await library.close();
});

Deno.test("what to compare with", async (t) => {
  const library = await redLibrary();
  const { db, engine, model } = library;
  const search = library.open();
  const [low, high, middle] = await library.add([0.3, 0.95, 0.8]);

  await t.step("a photo finds those like it, but not itself", async () => {
    const found = await ask(search, { photoId: high });
    assert.deepEqual(idsOf(found), [middle, low]);
    assert.equal(found.query, "");
  });

  await t.step("a duplicate asks for what it is a duplicate of", async () => {
    const [copy] = await library.add([0.9]);
    await db.execute(sql`update photos set representative_id = ${high} where id = ${copy}`);
    await db.execute(sql`delete from embeddings where photo_id = ${copy}`);
    await later();
    assert.deepEqual(idsOf(await ask(search, { photoId: copy })), [middle, low]);
  });

  await t.step("a photo that is not there, or has no vector, is told", async () => {
    await assert.rejects(ask(search, { photoId: 999_999 }), {
      name: "SearchFault",
      code: "photo_not_found",
    });
    const [unread] = await library.add([0.5]);
    await db.execute(sql`delete from embeddings where photo_id = ${unread}`);
    const found = await ask(search, { photoId: unread });
    assert.deepEqual(found.results, []);
    assert.match(found.message!, /was not read with the models/);
  });

  await t.step("words are added to a photo, and taken away from it", async () => {
    const vectors = await db.execute<{ id: string; vector: Uint8Array }>(sql`
      select photo_id as id, vector from embeddings where photo_id in (${low}, ${middle})`);
    const [blue] = [await engine.embedText("blue")];
    const own = (await db.execute<{ vector: Uint8Array }>(sql`
      select vector from embeddings where photo_id = ${high}`))[0].vector;
    const asked = new Float32Array(new Uint8Array(own).buffer).map((x, i) => x - blue[i]);
    const length = Math.sqrt(product(asked, asked));
    const found = await ask(search, { photoId: high, words: "- blue", everything: true });
    assert.equal(found.query, "- blue");
    for (const { id, vector } of vectors) {
      const expected = product(asked, new Float32Array(new Uint8Array(vector).buffer)) / length;
      const { score } = found.results.find((photo) => photo.id === Number(id))!;
      assert.ok(Math.abs(score! - expected) < 1e-5);
    }
  });

  await t.step("words the model does not know are named", async () => {
    const found = await ask(search, { words: "red + unicorn" });
    assert.equal(found.results[0].id, high);
    assert.match(found.notice!, /“unicorn”/);
    const none = await ask(search, { words: "unicorn - zebra" });
    assert.deepEqual([none.results, none.notice], [[], null]);
    assert.match(none.message!, /none of these words/);
    const nothing = await ask(search, { words: "red - red" });
    assert.match(nothing.message!, /leave nothing/);
  });

  await t.step("only what is not wanted puts the others first", async () => {
    const found = await ask(search, { words: "-red", everything: true });
    assert.equal(found.results[0].id, low);
  });

  await t.step("a picture of other models is to be chosen again", async () => {
    await assert.rejects(ask(search, { picture: "AAAAAAAAAAAA" }), {
      name: "SearchFault",
      code: "foreign_picture",
    });
  });

  await t.step("an empty library says so, and words too many are refused", async () => {
    await assert.rejects(ask(search, { words: "x".repeat(1001) }), { code: "bad_query" });
    await db.execute(sql`delete from embeddings where model = ${model}`);
    await later();
    assert.match((await ask(search, { words: "red" })).message!, /start a session/);
    await db.execute(sql`delete from files`);
    assert.match((await ask(search, {})).message!, /start a session/);
  });

  await search.close();
  await library.close();
});
