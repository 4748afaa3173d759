import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { embeddings, photos } from "../schema.ts";
import { leaveOutDamaged } from "./library_index_damaged.ts";
import {
  addPhotos,
  assertNearest,
  type Backend,
  best,
  built,
  DIMENSION,
  type Fixture,
  later,
  only,
  open,
  remove,
  row,
} from "./library_index_fixture.ts";
import type { LibraryIndex } from "./library_index.ts";
import { clusteredVectors, unit } from "./testing.ts";

const PHOTOS = 3600;

/**
 * What every index of a library keeps to, whatever it is built on: the same cases for each backend,
 * with a model of its own for each case.
 */
export async function testLibraryIndex(t: Deno.TestContext, backend: Backend): Promise<void> {
  const ids = await addPhotos(backend.database.db, PHOTOS);
  const { vectors, queries } = clusteredVectors(PHOTOS, DIMENSION, { queries: 30 });
  const fixture: Fixture = { ...backend, db: backend.database.db, ids, vectors, queries };
  for (const [name, test] of Object.entries(CASES)) {
    const cannot = test === followsLateCommits && !backend.concurrent;
    await t.step({ name, ignore: cannot, fn: () => test(fixture) });
  }
}

const CASES: Record<string, (fixture: Fixture) => Promise<void>> = {
  "an empty library gives nothing, and says so": async (fixture) => {
    const { index } = open(fixture, "empty");
    assert.deepEqual(await index.progress(), { state: "idle", done: 0, total: 0 });
    const none = { hits: [], size: 0, candidates: 0 };
    assert.partialDeepStrictEqual(await index.search(fixture.queries[0], 5), none);
    const among = sql`select id from ${photos}`;
    assert.partialDeepStrictEqual(await index.search(fixture.queries[0], 5, { among }), none);
    assert.deepEqual(await index.progress(), { state: "ready", done: 0, total: 0 });
    await index.close();
  },

  "the nearest are found as by comparing all, and all where more are asked for": async (
    fixture,
  ) => {
    const { index, store } = open(fixture, "nearest");
    const truth = await store(2500);
    for (const query of fixture.queries.slice(0, 5)) {
      for (const k of [1, 20, 9000]) {
        const found = await index.search(query, k);
        assertNearest(found.hits, truth, { query, k });
        assert.deepEqual([found.size, found.candidates, found.exact], [2500, 2500, true]);
      }
    }
    assert.deepEqual(await index.progress(), { state: "ready", done: 2500, total: 2500 });
    await index.close();
  },

  "vectors that differ by less than half precision are in order": async (fixture) => {
    const { index, put } = open(fixture, "close");
    const [query, base, ...others] = fixture.queries;
    const truth = new Map(
      fixture.ids.slice(0, 400).map((id, i) => [
        id,
        unit(base.map((value, at) => value + 1e-4 * others[i % 28][(at + i) % DIMENSION])),
      ]),
    );
    await put(truth);
    for (const k of [1, 10, 100]) {
      const { hits } = await index.search(query, k);
      assertNearest(hits, truth, { query, k });
    }
    await index.close();
  },

  "vectors that come, go and are replaced are followed": async (fixture) => {
    const { index, store, put, model } = open(fixture, "followed");
    await followChanges(fixture, { index, model, put, truth: await store(1200) });
    await index.close();
  },

  "a transaction that began earlier and commits later is followed": followsLateCommits,

  "another model's vectors are not found": async (fixture) => {
    const one = open(fixture, "one"), other = open(fixture, "other");
    const [query] = fixture.queries;
    await one.put(new Map([[fixture.ids[0], fixture.vectors[0]]]));
    await other.put(new Map([[fixture.ids[0], query], [fixture.ids[1], query]]));
    const { hits, size } = await one.index.search(query, 5);
    assert.deepEqual([hits.map((hit) => hit.id), size], [[fixture.ids[0]], 1]);
    assert.equal((await other.index.search(query, 5)).size, 2);
    await Promise.all([one.index.close(), other.index.close()]);
  },

  "a filter holds exactly, however few pass it": async (fixture) => {
    const { index, store } = open(fixture, "filter");
    const truth = await store(2000);
    for (const every of [2, 20, 200]) {
      const passing = fixture.ids.filter((_, i) => i % every === 0);
      // Among them many that have no vector.
      const among = sql`select x from unnest(${sql.param(passing)}::bigint[]) as given (x)`;
      const part = only(truth, passing);
      for (const query of fixture.queries.slice(0, 3)) {
        const found = await index.search(query, 15, { among });
        assertNearest(found.hits, part, { query, k: 15 });
        assert.deepEqual([found.size, found.candidates, found.exact], [2000, part.size, true]);
      }
    }
    const none = await index.search(fixture.queries[0], 5, { among: sql`select 1 where false` });
    assert.deepEqual([none.hits, none.candidates], [[], 0]);
    await index.close();
  },

  "the graph misses next to nothing, with and without a filter": async (fixture) => {
    const { index, store } = open(fixture, "graph", 300);
    const truth = await store(3000);
    await built(index);
    for (const [every, exact] of [[1, false], [2, false], [8, false], [20, true], [200, true]]) {
      const passing = fixture.ids.filter((_, i) => i % (every as number) === 0);
      const part = only(truth, passing);
      const among = sql`select id from ${photos} where id = any(${sql.param(passing)}::bigint[])`;
      let agreeing = 0;
      for (const query of fixture.queries) {
        const found = await index.search(query, 10, every === 1 ? {} : { among });
        const nearest = new Set(best(part, { query, k: 10 }).map((hit) => hit.id));
        assert.deepEqual([found.hits.length, found.candidates], [10, part.size]);
        assert.equal(found.exact, exact);
        assert(found.hits.every(({ id }) => part.has(id)));
        agreeing += found.hits.filter(({ id }) => nearest.has(id)).length;
      }
      const recall = agreeing / 10 / fixture.queries.length;
      assert(recall >= 0.98, `recall@10 is ${recall} where one of ${every} passes`);
    }
    await index.close();
  },

  "a filter that only what is farthest passes gets as many as there are": async (fixture) => {
    const { index, store } = open(fixture, "farthest", 300);
    const truth = await store(3000);
    await built(index);
    const [query] = fixture.queries;
    const farthest = best(truth, { query, k: 3000 }).slice(-400).map((hit) => hit.id);
    const among = sql`select x from unnest(${sql.param(farthest)}::bigint[]) as given (x)`;
    for (const k of [50, 400, 1000]) {
      const { hits, candidates } = await index.search(query, k, { among });
      assert.deepEqual([hits.length, candidates], [Math.min(k, 400), 400]);
      const passing = new Set(farthest);
      assert(hits.every(({ id }) => passing.has(id)));
    }
    await index.close();
  },

  "what changes after the graph was built is followed": async (fixture) => {
    const { index, store, put, model } = open(fixture, "after", 300);
    const truth = await store(1200);
    await built(index);
    await followChanges(fixture, { index, model, put, truth });
    await index.close();
  },

  "what changed while nobody looked is there at the next start": async (fixture) => {
    const first = open(fixture, "away");
    const truth = await first.store(1500);
    await first.index.warm();
    assert.equal((await first.index.search(fixture.queries[0], 1)).size, 1500);
    await first.index.close();
    const [gone, replaced, come] = [fixture.ids[3], fixture.ids[4], fixture.ids[2000]];
    const [query] = fixture.queries;
    await remove(fixture.db, first.model, [gone]);
    await first.put(new Map([[replaced, query], [come, query]]));
    truth.delete(gone);
    truth.set(replaced, query).set(come, query);
    const second = open(fixture, "away");
    const found = await second.index.search(query, 50);
    assertNearest(found.hits, truth, { query, k: 50 });
    assert.equal(found.size, 1500);
    await second.index.close();
  },

  "what is no vector is left out, and the others are found": async (fixture) => {
    const { index, store, model } = open(fixture, "damaged");
    await leaveOutDamaged(fixture, { index, model, truth: await store(1100) });
    await index.close();
  },

  "what is no vector is left out of a graph": async (fixture) => {
    const { index, store, model } = open(fixture, "damaged graph", 300);
    const truth = await store(1100);
    await built(index);
    await leaveOutDamaged(fixture, { index, model, truth });
    await built(index);
    await index.close();
  },

  "two processes on one library find the same": async (fixture) => {
    const one = open(fixture, "two"), two = open(fixture, "two");
    const truth = await one.store(3500);
    const [query] = fixture.queries;
    const found = await Promise.all([one, two, one].map(({ index }) => index.search(query, 30)));
    for (const { hits } of found) assertNearest(hits, truth, { query, k: 30 });
    await Promise.all([one.index.close(), two.index.close()]);
  },

  "what cannot be looked for is refused, and the next search answered": async (fixture) => {
    const { index, put } = open(fixture, "refused");
    await put(new Map([[fixture.ids[0], fixture.vectors[0]]]));
    const [query] = fixture.queries;
    await assert.rejects(index.search(new Float32Array(3), 1), /has 3 values/);
    await assert.rejects(index.search(query.map(() => NaN), 1), /no finite number/);
    await assert.rejects(index.search(query, 0), /0 neighbours/);
    assert.equal((await index.search(query, 1)).hits.length, 1);
    await index.close();
  },

  "a database that is away is told with its code": async (fixture) => {
    const url = "postgres://nobody@127.0.0.1:1/nothing";
    const index = fixture.open({ url, model: "away@0", dimension: DIMENSION });
    await assert.rejects(index.search(fixture.queries[0], 1), { code: "ECONNREFUSED" });
    await assert.rejects(index.warm(), { code: "ECONNREFUSED" });
    await index.close();
  },

  "it can be closed at any time, and twice": async (fixture) => {
    const { index, store } = open(fixture, "closed");
    await store(3000);
    const warming = index.warm();
    await index.close();
    await warming;
    await index.close();
    await assert.rejects(index.search(fixture.queries[0], 1), /closed/);
    await open(fixture, "unused").index.close();
  },
};

async function followsLateCommits(fixture: Fixture): Promise<void> {
  const { index, put, model } = open(fixture, "late");
  const { db, ids, vectors, queries: [query] } = fixture;
  const found = async () => (await index.search(query, 9)).hits.map((hit) => hit.id).sort();
  const begun = Promise.withResolvers<void>(), may = Promise.withResolvers<void>();
  const early = db.transaction(async (tx) => {
    await tx.insert(embeddings).values(row(model, [ids[0], vectors[0]]));
    begun.resolve();
    await may.promise;
  });
  await begun.promise;
  await put(new Map([[ids[1], vectors[1]]]));
  assert.deepEqual(await found(), [ids[1]]);
  await later();
  // So that a cursor has every occasion to pass the one that is open.
  await put(new Map([[ids[2], vectors[2]]]));
  assert.deepEqual(await found(), [ids[1], ids[2]]);
  may.resolve();
  await early;
  await later();
  assert.deepEqual(await found(), [ids[0], ids[1], ids[2]]);
  await index.close();
}

/** One after the other, so that each is seen from what the one before it left. */
async function followChanges(
  fixture: Fixture,
  { index, model, put, truth }: {
    index: LibraryIndex;
    model: string;
    put: (given: Map<number, Float32Array>) => Promise<void>;
    truth: Map<number, Float32Array>;
  },
): Promise<void> {
  const { db, ids, queries: [query] } = fixture;
  const check = async () => {
    await later();
    const { hits, size } = await index.search(query, 5);
    assertNearest(hits, truth, { query, k: 5 });
    assert.equal(size, truth.size);
  };
  await check();
  const change = async (given: [number, Float32Array][]) => {
    await put(new Map(given));
    for (const [id, vector] of given) truth.set(id, vector);
    await check();
  };
  // A photo behind the others, and the nearest of all.
  await change([[ids[2000], query]]);
  const away = query.map((value) => -value);
  await change([[ids[2000], away], [ids[7], query]]);
  // More than are looked at one by one.
  await change(ids.slice(2100, 3400).map((id, i) => [id, fixture.vectors[i]]));
  const gone = best(truth, { query, k: 3 }).map((hit) => hit.id);
  await remove(db, model, gone);
  gone.forEach((id) => truth.delete(id));
  await check();
  await remove(db, model, [...truth.keys()]);
  truth.clear();
  await check();
}
