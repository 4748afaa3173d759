import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { embeddings, photos } from "../schema.ts";
import { type TestDatabase, testDatabase } from "../testing.ts";
import { bytesOfVector } from "../vectors.ts";
import { openPgvectorIndex } from "./pgvector.ts";
import { copyPortion } from "./pgvector_copy.ts";
import { buildGraph, graphIsValid, graphName } from "./pgvector_graph.ts";
import { answer, MOST_FRESH } from "./pgvector_search.ts";
import { settlePortion } from "./pgvector_settle.ts";
import { setUpPgvector } from "./pgvector_setup.ts";
import { pgliteDatabase } from "./pgvector_testing.ts";
import { clusteredVectors } from "./testing.ts";

const MODEL = "test@000000000000";
const DIMENSION = 8;
const { vectors, queries: [query] } = clusteredVectors(2600, DIMENSION, { queries: 1 });

Deno.test("a database without pgvector says what to do", async () => {
  const database = await testDatabase();
  const [{ there }] = await database.sql`
    select exists (select from pg_available_extensions where name = 'vector') as there`;
  if (!there) {
    const index = openIndex(database);
    const expected = new RegExp(
      `^SAFELIGHT_VECTORS is "pgvector", but the database at \\S+ has no extension "vector": ` +
        `install pgvector 0.8 or newer, or unset SAFELIGHT_VECTORS$`,
    );
    await assert.rejects(index.search(query, 1), { name: "PgvectorMissing", message: expected });
    await assert.rejects(index.warm(), { name: "PgvectorMissing" });
    await index.close();
  }
  await database.drop();
});

Deno.test("vectors inside the database", async (t) => {
  const database = await pgliteDatabase();
  const { db, sql: pg, url } = database;
  await setUpPgvector(pg, url);
  await db.execute(sql`insert into photos (sha256, byte_size, width, height, format, dhash, flat,
      first_mtime_ms, first_path, preview_width, preview_height)
    select n::text, 1, 1, 1, 'jpeg', '0', true, 0, '/p', 1, 1 from generate_series(1, 2600) n`);
  const ids = (await db.select({ id: photos.id }).from(photos)).map((row) => row.id)
    .sort((a, b) => a - b);
  const store = (from: number, to: number) =>
    db.insert(embeddings).values(
      ids.slice(from, to).map((photoId, i) => ({
        photoId,
        model: MODEL,
        vector: bytesOfVector(vectors[from + i]),
      })),
    );
  const copy = async () => {
    let portions = 1;
    while (await copyPortion(pg, { model: MODEL, dimension: DIMENSION }) !== "done") portions++;
    return portions;
  };
  const copied = async () =>
    (await pg`select count(*)::int as count from vector_halves where model = ${MODEL}`)[0].count;
  const ask = (k: number) =>
    answer(pg, {
      model: MODEL,
      vector: query,
      k,
      among: null,
      size: ids.length,
      exactLimit: 50_000,
    });

  await t.step("nothing is answered before all was compared once", async () => {
    await store(0, 1200);
    assert.equal(await ask(5), null);
    assert.equal(await copyPortion(pg, { model: MODEL, dimension: DIMENSION }), "more");
    assert.equal(await ask(5), null);
    await copy();
    assert.equal((await ask(2000))!.found.hits.length, 1200);
  });

  await t.step("a library is no smaller than what passes a filter", async () => {
    const among = { sql: "select id from photos", params: [] };
    const asked = { model: MODEL, vector: query, k: 5, among, exactLimit: 50_000 };
    // Counted before anything was stored.
    assert.equal((await answer(pg, { ...asked, size: 0 }))!.found.size, 1200);
  });

  await t.step("what is not copied yet is found beside the rest, while it is little", async () => {
    await store(1200, 1200 + MOST_FRESH);
    const { found, changed } = (await ask(3000))!;
    assert.deepEqual([found.hits.length, found.candidates, changed], [2200, 2200, true]);
    assert.equal(await copied(), 1200);
    await store(2200, 2201);
    assert.equal(await ask(5), null);
    await copy();
    assert.equal(await copied(), 2201);
    assert.deepEqual((await ask(5))!.changed, false);
  });

  await t.step("a vector that was replaced is found by what it is now", async () => {
    const { found: { hits: [first] } } = (await ask(1))!;
    await pg`update embeddings set vector = ${bytesOfVector(query.map((x) => -x))}
      where photo_id = ${first.id} and model = ${MODEL}`;
    const last = (await ask(3000))!.found.hits.at(-1)!;
    assert.equal(last.id, first.id);
    await pg`update embeddings set vector = ${bytesOfVector(query)}
      where photo_id = ${first.id} and model = ${MODEL}`;
    await copy();
    assert.equal((await ask(1))!.found.hits[0].id, first.id);
  });

  await t.step("a deleted photo takes its halves along", async () => {
    const { found: { hits: [first] } } = (await ask(1))!;
    await pg`delete from photos where id = ${first.id}`;
    assert.equal(await copied(), 2200);
    assert(!(await ask(3000))!.found.hits.some(({ id }) => id === first.id));
  });

  // Each of them makes what is known of the changes worthless.
  const doubts = {
    "was left alone for a day": "at = now() - interval '21 hours'",
    "came out of a dump": "origin = 'elsewhere'",
    "is ahead of all transactions": "changed_before = '999999999'",
  };
  for (const [name, doubt] of Object.entries(doubts)) {
    await t.step(`a state that ${name} has everything compared`, async () => {
      await pg.unsafe(`delete from embedding_changes`);
      await pg.unsafe(`update vector_halves_state set ${doubt}`);
      await pg.unsafe(`delete from vector_halves where photo_id in (${ids[20]}, ${ids[2000]})`);
      assert.equal(await ask(5), null);
      await copy();
      assert.equal((await ask(3000))!.found.hits.length, 2200);
      assert.equal(await copied(), 2200);
    });
  }

  await t.step("a graph whose building was interrupted is built again", async () => {
    const name = graphName(MODEL, DIMENSION);
    const valid = async () => (await pg.unsafe(`select ${graphIsValid(name)} as valid`))[0].valid;
    assert.equal(await valid(), false);
    await buildGraph(pg, { model: MODEL, dimension: DIMENSION });
    assert.equal(await valid(), true);
    await pg`update pg_index set indisvalid = false where indexrelid = to_regclass(${name})`;
    assert.equal(await valid(), false);
    const index = openIndex(database, { exactLimit: 100 });
    assert.equal((await index.search(query, 5)).exact, true);
    await index.warm();
    for (let i = 0; i < 100 && !await valid(); i++) await new Promise((go) => setTimeout(go, 50));
    assert.equal((await index.search(query, 5)).exact, false);
    await index.close();
  });

  await t.step(
    "what is copied after the graph was built is found before it is in the graph",
    async () => {
      const unsettled = async () =>
        (await pg`select count(*)::int as count from vector_halves where not settled`)[0].count;
      assert.equal(await unsettled(), 0);
      await store(2201, 2500);
      const [mine] = ids.slice(2201);
      await pg`update embeddings set vector = ${bytesOfVector(query)} where photo_id = ${mine}`;
      await copy();
      assert.equal(await unsettled(), 299);
      const graph = { among: null, size: ids.length, exactLimit: 100, model: MODEL, vector: query };
      const before = (await answer(pg, { ...graph, k: 20 }))!.found;
      assert.deepEqual([before.exact, before.hits[0].id], [false, mine]);
      let portions = 1;
      while (await settlePortion(pg, { model: MODEL, dimension: DIMENSION }) !== "done") portions++;
      assert.deepEqual([await unsettled(), portions], [0, 3]);
      assert.deepEqual((await answer(pg, { ...graph, k: 20 }))!.found.hits, before.hits);
    },
  );

  await t.step("what lies beside the graph does not stand for what was missed there", async () => {
    const all = (await ask(3000))!.found.hits.map(({ id }) => id);
    // The walk is given up before it comes to any of them; enough that are farther lie beside it.
    const far = all.slice(-110, -60), beside = all.slice(-60);
    const among = { sql: "select unnest($1::bigint[])", params: [[...far, ...beside]] };
    const asked = { among, size: ids.length, exactLimit: 100, model: MODEL, vector: query, k: 10 };
    const found = async () => {
      const { found } = (await answer(pg, { ...asked, mostVisited: 1 }))!;
      return found.hits.map(({ id }) => id);
    };
    await pg`update vector_halves set settled = false where photo_id = any(${beside})`;
    assert.deepEqual(await found(), far.slice(0, 10));
    while (await settlePortion(pg, { model: MODEL, dimension: DIMENSION }) !== "done");
    // Fresh ones neither.
    await pg`update embeddings set vector = vector where photo_id = any(${beside})`;
    assert.deepEqual(await found(), far.slice(0, 10));
    await copy();
    while (await settlePortion(pg, { model: MODEL, dimension: DIMENSION }) !== "done");
  });

  await t.step(
    "of a large library the graph also gives what a page with facets wants",
    async () => {
      // It is told to be large.
      const asked = { size: 100_000, model: MODEL, vector: query, k: 2000, among: null };
      const { found } = (await answer(pg, { ...asked, exactLimit: 100 }))!;
      const exactly = (await answer(pg, { ...asked, exactLimit: 100_000 }))!.found;
      assert.deepEqual([found.exact, exactly.exact, found.hits.length], [false, true, 2000]);
      const right = new Set(exactly.hits.map(({ id }) => id));
      const agreeing = found.hits.filter(({ id }) => right.has(id)).length;
      assert(agreeing >= 0.98 * 2000, `${agreeing} of 2,000`);
    },
  );

  await t.step("what is no vector is looked at and told once", async () => {
    const there = (await pg<{ id: string }[]>`select id from photos order by id`)
      .map(({ id }) => Number(id));
    const put = async (from: number) =>
      await pg`insert into embeddings (photo_id, model, vector)
        select x, 'odd', ${bytesOfVector(new Float32Array(3))}
        from unnest(${there.slice(from, from + 1100)}::bigint[]) as given (x)
        on conflict do nothing`;
    await pg`insert into embeddings (photo_id, model, vector) values
      (${there[0]}, 'odd', ${bytesOfVector(new Float32Array(DIMENSION).fill(70_000))}),
      (${there[1300]}, 'odd', ${bytesOfVector(query)})`;
    const lines: string[] = [];
    const said = console.error;
    console.error = (line: string) => lines.push(line);
    let portions = 0;
    try {
      // Compared with everything first, then told of by the changes: more than a portion each time.
      for (const from of [1, 1301]) {
        await put(from);
        while (await copyPortion(pg, { model: "odd", dimension: DIMENSION }) !== "done") portions++;
      }
    } finally {
      console.error = said;
    }
    assert(portions < 20, `${portions} portions`);
    const told = lines.map((line) => Number(line.match(/photos=(\d+)/)?.[1]));
    assert.equal(told.reduce((sum, one) => sum + one, 0), 2201);
    assert.match(lines[0], new RegExp(`model=odd.* first=${there[0]} .*65,504`));
    assert.match(lines[1], / 3 values/);
    const odd = { model: "odd", vector: query, k: 9, among: null, size: 1, exactLimit: 50_000 };
    const { found } = (await answer(pg, odd))!;
    assert.deepEqual([found.hits.map(({ id }) => id), found.candidates], [[there[1300]], 1]);
  });

  await t.step("a search does not wait for a long copying, and says what is missing", async () => {
    const index = openIndex(database, { model: "long", patienceMs: 0 });
    await index.warm();
    // So that all of its connections are open, and have their turns beside the copying.
    await Promise.all(ids.slice(0, 9).map(index.progress));
    const { count } = await pg`insert into embeddings (photo_id, model, vector)
      select photo_id, 'long', vector from embeddings where model = ${MODEL}`;
    const search = () => index.search(query, 3000);
    const begun = async () => {
      const found = await search();
      assert.ok(found.missing > 0 && !found.exact, `${found.missing} are missing`);
      assert.deepEqual([found.size + found.missing, found.hits.length], [count, found.candidates]);
      const odds = await index.search(query, 3000, {
        among: sql`select id from photos where id % 2 = 1`,
      });
      assert.ok(odds.hits.every(({ id }) => id % 2 === 1));
    };
    const done = async () => {
      await index.warm();
      const found = await search();
      assert.deepEqual([found.missing, found.exact, found.hits.length], [0, true, count]);
    };
    await begun();
    await done();
    await pg`delete from vector_halves where model = 'long'`;
    await pg`delete from vector_halves_state where model = 'long'`;
    await begun();
    await done();
    await index.close();
  });

  await t.step("a managed server may say nothing about itself", async () => {
    await pg.unsafe(`revoke execute on function pg_control_system() from public;
      create role managed; grant all on all tables in schema public to managed`);
    await pg.unsafe(`set role managed`);
    try {
      await assert.rejects(pg`select pg_control_system()`, { code: "42501" });
      assert.equal(await copyPortion(pg, { model: MODEL, dimension: DIMENSION }), "done");
      assert.ok(await ask(5));
    } finally {
      await pg.unsafe(`reset role`);
    }
  });

  await t.step("a restored dump is another database", async () => {
    assert.ok(await ask(5));
    await pg`update vector_halves_origin set id = id`;
    assert.equal(await ask(5), null);
    await copy();
    assert.ok(await ask(5));
  });

  await t.step("a version that is too old is refused", async () => {
    await pg`update pg_extension set extversion = '0.7.4' where extname = 'vector'`;
    const index = openIndex(database);
    await assert.rejects(index.search(query, 1), {
      name: "PgvectorMissing",
      message: /has pgvector 0\.7\.4: update it to 0\.8 or newer/,
    });
    await index.close();
  });

  await database.drop();
});

const openIndex = (
  { url }: TestDatabase,
  { model = MODEL, exactLimit, patienceMs }: {
    model?: string;
    exactLimit?: number;
    patienceMs?: number;
  } = {},
) =>
  openPgvectorIndex(
    { url, model, dimension: DIMENSION, dataDir: null, vectors: "pgvector", exactLimit },
    { patienceMs },
  );
