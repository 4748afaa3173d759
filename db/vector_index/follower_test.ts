import assert from "node:assert/strict";
import { join } from "node:path";
import { and, eq, inArray, sql as query } from "drizzle-orm";
import type { Db } from "../client.ts";
import { embeddingChanges, embeddings, photos } from "../schema.ts";
import { testDatabase, testDirectory } from "../testing.ts";
import { bytesOfVector } from "../vectors.ts";
import { loadHnswlib } from "./addon.ts";
import { pruneEmbeddingChanges } from "./changes.ts";
import { createExactIndex } from "./exact.ts";
import { createFollower, type Follower } from "./follower.ts";
import { createSync } from "./sync.ts";
import { clusteredVectors } from "./testing.ts";

const MODEL = "test@000000000000";
const DIMENSION = 8;
const { vectors, queries } = clusteredVectors(4000, DIMENSION, { queries: 5 });
const others = clusteredVectors(4000, DIMENSION, { queries: 0, seed: 2 }).vectors;
const going = { stopping: () => false };

async function addPhotos(db: Db, count: number): Promise<number[]> {
  const rows = await db.execute<{ id: string }>(query`
    insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    select gen_random_uuid(), 1, 1, 1, 'jpeg', '0', true, 0, '/p', 1, 1
    from generate_series(1, ${count}) returning id`);
  return rows.map((row) => Number(row.id)).sort((a, b) => a - b);
}

async function put(db: Pick<Db, "insert">, id: number, vector: Float32Array): Promise<void> {
  await db.insert(embeddings)
    .values({ photoId: id, model: MODEL, vector: bytesOfVector(vector) })
    .onConflictDoUpdate({
      target: [embeddings.photoId, embeddings.model],
      set: { vector: bytesOfVector(vector) },
    });
}

const putAll = (db: Db, ids: number[]) =>
  db.insert(embeddings).values(
    ids.map((id, i) => ({ photoId: id, model: MODEL, vector: bytesOfVector(vectors[i]) })),
  );

const drop = (db: Db, ...ids: number[]) =>
  db.delete(embeddings).where(and(eq(embeddings.model, MODEL), inArray(embeddings.photoId, ids)));

Deno.test("no change is missed, whatever commits when", async (t) => {
  const database = await testDatabase();
  const { db, sql } = database;
  const [a, b, c, d, e] = await addPhotos(db, 5);
  const index = createExactIndex(DIMENSION);
  const sync = createSync(sql, { index, model: MODEL }, { dimension: DIMENSION });
  const held = () => [...index.ids()].sort((x, y) => x - y);

  await put(db, a, vectors[0]);
  await sync.catchUp(going);
  assert.deepEqual(held(), [a]);

  await t.step("a transaction that is open across several looks", async () => {
    await db.transaction(async (early) => {
      await put(early, b, vectors[1]);
      // Others begin later and commit before it.
      await put(db, c, vectors[2]);
      await sync.catchUp(going);
      assert.deepEqual(held(), [a, c]);
      await put(db, d, vectors[3]);
      await drop(db, c);
      await sync.catchUp(going);
      assert.deepEqual(held(), [a, d]);
      assert.deepEqual(await sync.catchUp(going), { added: 0, removed: 0 });
      await early.delete(embeddings).where(eq(embeddings.photoId, a));
      await early.transaction((nested) => put(nested, e, vectors[4]));
    });
    await sync.catchUp(going);
    assert.deepEqual(held(), [b, d, e]);
    assert.deepEqual(await sync.catchUp(going), { added: 0, removed: 0 });
  });

  await t.step("one that is rolled back", async () => {
    await assert.rejects(db.transaction(async (tx) => {
      await put(tx, a, vectors[0]);
      await drop(tx as unknown as Db, b);
      await sync.catchUp(going);
      throw new Error("no");
    }));
    assert.deepEqual(await sync.catchUp(going), { added: 0, removed: 0 });
    assert.deepEqual(held(), [b, d, e]);
  });

  await t.step("a vector in the place of another, and the same once more", async () => {
    await put(db, b, others[1]);
    assert.deepEqual(await sync.catchUp(going), { added: 1, removed: 0 });
    assert.ok(index.holds(b, others[1]));
    await put(db, b, others[1]);
    assert.deepEqual(await sync.catchUp(going), { added: 0, removed: 0 });
  });

  await t.step("a photo that goes takes its vector along", async () => {
    await db.delete(photos).where(eq(photos.id, d));
    await sync.catchUp(going);
    assert.deepEqual(held(), [b, e]);
  });

  await t.step("what no search could use is left out, and what it was before too", async () => {
    await put(db, a, vectors[0]);
    await sync.catchUp(going);
    await put(db, a, vectors[0].map((value, i) => i === 3 ? NaN : value));
    await put(db, c, new Float32Array(DIMENSION + 1));
    await sql`update embeddings set vector = '\\x010203' where photo_id = ${e}`;
    await sync.catchUp(going);
    assert.deepEqual(held(), [b]);
    await sync.catchUp({ ...going, compare: true });
    assert.deepEqual(held(), [b]);
    await put(db, c, vectors[2]);
    await sync.catchUp(going);
    assert.deepEqual(held(), [b, c]);
  });

  await t.step("a table that is emptied at once", async () => {
    const kept = await sql`select * from embeddings`;
    await sql`truncate embeddings`;
    await sync.catchUp(going);
    assert.deepEqual(held(), []);
    for (const row of kept) await sql`insert into embeddings ${sql(row)}`;
    await sync.catchUp(going);
    assert.deepEqual(held(), [b, c]);
  });

  await t.step("another table in the place of this one, whatever its journal says", async () => {
    await sql`alter table embeddings rename to former`;
    await sql`create table embeddings (like former including all)`;
    await sql`insert into embeddings select * from former`;
    await sql`update embeddings set vector = ${bytesOfVector(others[7])} where photo_id = ${c}`;
    assert.deepEqual(await sync.catchUp(going), { added: 1, removed: 0 });
    assert.ok(index.holds(c, others[7]));
    await sql`drop table embeddings`;
    await sql`alter table former rename to embeddings`;
    await sync.catchUp(going);
    assert.ok(index.holds(c, vectors[2]));
  });

  await t.step("what the journal was not told comes with a comparison of everything", async () => {
    await sql`alter table embeddings disable trigger user`;
    await drop(db, b);
    await put(db, e, vectors[4]);
    await sql`alter table embeddings enable trigger user`;
    await sync.catchUp(going);
    assert.deepEqual(held(), [b, c]);
    await sync.catchUp({ ...going, compare: true });
    // Of e an unusable vector is known, until the journal or the next start says otherwise.
    assert.deepEqual(held(), [c]);
  });

  await database.drop();
});

Deno.test("who looks again after the journal was pruned compares everything, replaced vectors too", async () => {
  const database = await testDatabase();
  const { db, sql } = database;
  const ids = await addPhotos(db, 50);
  await putAll(db, ids.slice(0, 40));
  const index = createExactIndex(DIMENSION);
  const first = createSync(sql, { index, model: MODEL }, { dimension: DIMENSION });
  await first.catchUp(going);
  const position = first.position!;
  await put(db, ids[3], others[3]);
  await drop(db, ids[5]);
  await put(db, ids[45], vectors[45]);
  // A day and an hour later.
  await sql`update embedding_changes set at = at - interval '25 hours'`;
  await sql`insert into embedding_changes (model, photo_id, at)
    values ('snapshot of somebody', 0, now() - interval '200 days')`;
  await put(db, ids[46], vectors[46]);
  assert.equal(await pruneEmbeddingChanges(db), 43);
  assert.equal((await db.select().from(embeddingChanges)).length, 2);
  const [{ ago }] = await sql`select (now() - interval '25 hours')::text as ago`;
  const again = createSync(sql, { index, model: MODEL }, {
    dimension: DIMENSION,
    position: { ...position, lookedAt: ago },
  });
  assert.deepEqual(await again.catchUp(going), { added: 3, removed: 1 });
  assert.ok(index.holds(ids[3], others[3]));
  assert.ok(!index.has(ids[5]) && index.has(ids[45]) && index.has(ids[46]));
  await database.drop();
});

Deno.test("an index starts from its snapshot and never from another's", async (t) => {
  const database = await testDatabase();
  const { db, sql } = database;
  const dataDir = await testDirectory();
  const ids = await addPhotos(db, 1500);
  await putAll(db, ids.slice(0, 1400));
  const open = (url = database.url) =>
    createFollower({ url, model: MODEL, dimension: DIMENSION, dataDir, library: loadHnswlib() });
  const restart = async (act: (follower: Follower) => Promise<void>, url?: string) => {
    const follower = open(url);
    await act(follower);
    await follower.close();
  };
  const size = async (follower: Follower) => (await follower.search(queries[0], 1, null)).size;
  const isThere = async (follower: Follower, vector: Float32Array) =>
    Math.abs((await follower.search(vector, 1, null)).hits[0].score - 1) < 1e-5;
  /** Snapshots that were ever written. */
  const written = async () => {
    const rows = await sql`select id from embedding_changes where model like 'snapshot %'`;
    assert.ok(rows.length <= 1, "of snapshots that are gone there is nothing left");
    return rows[0]?.id ?? 0;
  };

  await t.step("it is written at the latest when the index closes", async () => {
    await restart(async (follower) => assert.equal(await size(follower), 1400));
    assert.notEqual(await written(), 0);
    const [{ name }] = await Array.fromAsync(Deno.readDir(join(dataDir, "vectors")));
    assert.match(name, /^[0-9a-f]{16}$/);
  });

  /** The cursor stays before what is open anywhere in the cluster, as in another test's database. */
  const allClosed = async () => {
    for (let open = true; open;) {
      [{ open }] = await sql<[{ open: boolean }]>`
        select exists (select from embedding_changes
          where xid >= pg_snapshot_xmin(pg_current_snapshot())) as open`;
    }
  };

  await t.step("what came, went and was replaced meanwhile is followed", async () => {
    await put(db, ids[1450], others[0]);
    await put(db, ids[7], others[1]);
    await drop(db, ids[8], ids[9]);
    await allClosed();
    await restart(async (follower) => {
      assert.equal(await size(follower), 1399);
      assert.ok(await isThere(follower, others[0]) && await isThere(follower, others[1]));
    });
  });

  await t.step("nothing changed: nothing is read from the database but ids", async () => {
    const before = await written();
    await sql`alter table embeddings rename column vector to hidden`;
    await restart(async (follower) => assert.equal(await size(follower), 1399));
    await sql`alter table embeddings rename column hidden to vector`;
    assert.equal(await written(), before, "nor is it written again");
  });

  await t.step("a database restored from an earlier backup is read anew", async () => {
    // The same ids with other pictures, written with the journal's transactions long gone by.
    await sql`delete from embedding_changes where model like 'snapshot %'`;
    await sql`alter table embeddings disable trigger user`;
    await put(db, ids[20], others[20]);
    await sql`alter table embeddings enable trigger user`;
    await restart(async (follower) => {
      assert.ok(await isThere(follower, others[20]));
      assert.equal(await size(follower), 1399);
    });
  });

  await t.step("so is another database", async () => {
    const other = await testDatabase();
    const [id] = await addPhotos(other.db, 1);
    await put(other.db, id, others[99]);
    await restart(async (follower) => {
      assert.equal(await size(follower), 1);
      assert.ok(await isThere(follower, others[99]));
    }, other.url);
    await other.drop();
  });

  await database.drop();
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("while the graph is built it tells how far it is, answers, and can be closed", async () => {
  const library = loadHnswlib();
  if (!library) return;
  const database = await testDatabase();
  const dataDir = await testDirectory();
  const ids = await addPhotos(database.db, 4000);
  await putAll(database.db, ids);
  const open = (exactLimit: number) =>
    createFollower({
      url: database.url,
      model: MODEL,
      dimension: DIMENSION,
      dataDir,
      library,
      exactLimit,
    });

  const closed = open(100);
  assert.deepEqual(closed.progress(), { state: "idle", done: 0, total: 0 });
  await closed.catchUp();
  const { state, done, total } = closed.progress();
  assert.deepEqual({ state, total }, { state: "building", total: 4000 });
  assert.ok(done < 4000);
  await closed.close();

  const follower = open(100);
  const select = { sql: "select id from photos where id % $1 = 0", params: [2] };
  let answers = 0;
  await follower.catchUp();
  while (follower.progress().state !== "ready") {
    const found = await follower.search(queries[0], 10, answers++ % 2 ? select : null);
    assert.equal(found.size, 4000);
    assert.equal(found.hits.length, 10);
  }
  assert.ok(answers > 0);
  assert.deepEqual(follower.progress(), { state: "ready", done: 4000, total: 4000 });
  const few = await follower.search(queries[0], 10, {
    sql: "select 1 union select -5",
    params: [],
  });
  assert.ok(few.candidates <= 1 && few.exact);
  await follower.close();
  await database.drop();
  await Deno.remove(dataDir, { recursive: true });
});
