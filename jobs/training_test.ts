import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { checkLedgers } from "./check_ledgers.ts";
import { chooseItems, embedBatch } from "./embed_batch.ts";
import { createIntake } from "./intake.ts";
import { createSession, pauseSession, resumeSession, startSession } from "./lifecycle.ts";
import { claimJobs } from "./queue/claim.ts";
import { readProgress } from "./read_progress.ts";
import { testWorker } from "./testing.ts";
import { commitTraining, prepareTraining } from "./training.ts";
import type { WorkerContext } from "./worker_context.ts";

const SIZE = 400;

/** A picture whose neighbouring cells of the hash differ by 60 levels or more, so that re-saving keeps the hash. */
function picture(seed: number) {
  const cells = new Uint8Array(9 * 8 * 3);
  for (let cell = 0; cell < 72; cell++) {
    const [row, column] = [Math.floor(cell / 9), cell % 9];
    // Up or down by a bit of the seed that differs per row, folded into the range of levels.
    const up = (seed * 2654435761 >>> (row * 3 + column) % 31) & 1;
    const left = column === 0 ? 120 : cells[(cell - 1) * 3];
    const level = left + (up && left < 190 || left < 65 ? 60 : -60);
    cells.fill(level, cell * 3, cell * 3 + 3);
  }
  return sharp(cells, { raw: { width: 9, height: 8, channels: 3 } })
    .resize(SIZE, SIZE, { fit: "fill", kernel: "nearest" });
}

Deno.test("training, with a real worker", async (t) => {
  const worker = await testWorker();
  const { db, photos, engine, config } = worker;
  const identity = {
    id: crypto.randomUUID(),
    device: "cpu on here",
    models: engine.models,
  };
  await db.execute(sql`
    insert into workers (id, host, pid, device, clip_model, face_model)
    values (${identity.id}, 'elsewhere', 1, 'cpu', 'c', 'f')`);
  const context: WorkerContext = {
    db,
    config,
    engine,
    worker: identity,
    stopping: new AbortController().signal,
    advance: () => Promise.resolve(),
    inTouch: () => Promise.resolve(),
    moved: () => {},
    outlived: () => {},
    finished: () => {},
  };

  const stages = {
    intake: createIntake(2),
    wanted: () => Promise.resolve(true),
  };

  /** A claim of ours: the phase is not open for the worker beside, and runs only while we claim. */
  function claimed(id: number, limit: number) {
    return db.transaction(async (tx) => {
      await tx.execute(
        sql`update phases set status = 'running', opened_round = 1, running_since = now()
        where session_id = ${id} and name = 'training'`,
      );
      const claim = await claimJobs(tx as unknown as typeof db, {
        sessionId: id,
        phase: "training",
        workerId: identity.id,
        limit,
      });
      await tx.execute(sql`update phases set status = 'pending'
        where session_id = ${id} and name = 'training'`);
      return claim!;
    });
  }

  /** Files of one look, written with these times, finished one by one in the order given. */
  async function inOrder(files: { name: string; mtime: number; bytes: Uint8Array }[]) {
    const id = await createSession(db, { name: "t", rootPath: photos, subdirectories: [""] });
    for (const { name, mtime, bytes } of files) {
      const path = join(photos, `${id}-${name}`);
      await Deno.writeFile(path, bytes);
      await db.execute(sql`
        with f as (insert into files (path, size, mtime_ms)
          values (${path}, ${bytes.length}, ${mtime}) returning id)
        insert into jobs (session_id, phase, subject, priority)
        select ${id}::bigint, 'training', f.id, 0 from f`);
    }
    await db.execute(sql`update phases set total = ${files.length}
      where session_id = ${id} and name = 'training'`);
    for (let turn = 0; turn < files.length; turn++) {
      const claim = await claimed(id, 1);
      const batch = (await prepareTraining(context, claim, stages))!;
      await chooseItems(context, batch);
      await embedBatch(context, batch);
      await commitTraining(context, batch);
    }
    const rows = await db.execute<{ path: string; state: string; represents: boolean }>(sql`
      select f.path, j.state, p.representative_id is null as represents
      from jobs j join files f on f.id = j.subject join photos p on p.id = f.photo_id
      where j.session_id = ${id}`);
    const [{ vectors }] = await db.execute<{ vectors: number }>(sql`
      select count(*)::int as vectors from embeddings e join photos p on p.id = e.photo_id
      where p.session_id = ${id}`);
    return {
      vectors,
      items: Object.fromEntries(
        rows.map((row) => [row.path.split(`${id}-`)[1], `${row.state} ${row.represents}`]),
      ),
    };
  }

  await t.step("the first by time represents, in whatever order files are finished", async () => {
    const orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]];
    for (const [seed, order] of orders.entries()) {
      const original = await picture(seed).jpeg({ quality: 92 }).toBuffer();
      const files = [
        { name: "first.jpg", mtime: 1000, bytes: original },
        { name: "copy.jpg", mtime: 2000, bytes: original },
        {
          name: "again.jpg",
          mtime: 3000,
          bytes: await sharp(original).jpeg({ quality: 60 }).toBuffer(),
        },
        {
          name: "small.webp",
          mtime: 4000,
          bytes: await sharp(original).resize(300).webp().toBuffer(),
        },
      ];
      const { items, vectors } = await inOrder(order.map((index) => files[index]));
      assert.equal(vectors, 1, `order ${order}`);
      const { "first.jpg": first, "copy.jpg": copy, ...near } = items;
      assert.deepEqual(near, { "again.jpg": "skipped false", "small.webp": "skipped false" });
      // One content, two files: whichever came first was the work, the other is its copy.
      assert.deepEqual([first, copy].sort(), ["done true", "skipped true"], `order ${order}`);
      assert.deepEqual(await checkLedgers(db), []);
    }
  });

  await t.step("a near-copy costs no inference while the batch before is committed", async () => {
    const id = await createSession(db, { name: "t", rootPath: photos, subdirectories: [""] });
    const original = await picture(60).jpeg().toBuffer();
    for (const n of [0, 1]) {
      const path = join(photos, `${id}-near-${n}.jpg`);
      await Deno.writeFile(path, n ? await sharp(original).resize(300).toBuffer() : original);
      await db.execute(sql`
        with f as (insert into files (path, size, mtime_ms) values (${path}, 1, ${n}) returning id)
        insert into jobs (session_id, phase, subject)
        select ${id}::bigint, 'training', f.id from f`);
    }
    await db.execute(sql`update phases set total = 2
      where session_id = ${id} and name = 'training'`);
    const prepared = async () => (await prepareTraining(context, await claimed(id, 1), stages))!;
    const states = async () =>
      (await db.execute<{ state: string }>(sql`
        select state from jobs where session_id = ${id} order by id`)).map(({ state }) => state);
    const first = await prepared();
    await chooseItems(context, first);
    const second = await prepared();
    await chooseItems(context, second, first.chosen);
    assert.deepEqual([first, second].map(({ chosen }) => chosen.length), [1, 0]);
    await embedBatch(context, first);
    await embedBatch(context, second);
    // Should the first not be stored after all, the copy is given back, with nothing lost.
    await commitTraining(context, second);
    assert.deepEqual(await states(), ["running", "queued"]);
    await commitTraining(context, first);
    const again = await prepared();
    await chooseItems(context, again);
    await embedBatch(context, again);
    await commitTraining(context, again);
    assert.deepEqual(await states(), ["done", "skipped"]);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("flat pictures are no duplicates of each other", async () => {
    const flat = (value: number) =>
      sharp({
        create: { width: 300, height: 300, channels: 3, background: { r: value, g: 0, b: 9 } },
      })
        .png().toBuffer();
    const { items, vectors } = await inOrder([
      { name: "a.png", mtime: 1, bytes: await flat(10) },
      { name: "b.png", mtime: 2, bytes: await flat(200) },
    ]);
    assert.deepEqual(items, { "a.png": "done true", "b.png": "done true" });
    assert.equal(vectors, 2);
  });

  await t.step("the same hash in another shape is another picture", async () => {
    const wide = picture(7).resize(800, 400, { fit: "fill" });
    const { items } = await inOrder([
      { name: "square.png", mtime: 1, bytes: await picture(7).png().toBuffer() },
      { name: "wide.png", mtime: 2, bytes: await wide.png().toBuffer() },
    ]);
    assert.deepEqual(items, { "square.png": "done true", "wide.png": "done true" });
  });

  await t.step("a file that vanishes between walk and work fails with that reason", async () => {
    const id = await createSession(db, {
      name: "t",
      rootPath: photos,
      subdirectories: ["gone"],
      skipFaceDetection: true,
    });
    await Deno.mkdir(join(photos, "gone"));
    for (let n = 0; n < 3; n++) {
      await Deno.writeFile(
        join(photos, "gone", `${n}.png`),
        await picture(20 + n).png().toBuffer(),
      );
    }
    await startSession(db, id);
    await pauseSession(db, id);
    await Deno.remove(join(photos, "gone", "1.png"));
    await db.execute(sql`
      insert into files (path, size, mtime_ms)
      values (${join(photos, "gone", "1.png")}, 1, 1) on conflict do nothing`);
    await db.execute(sql`
      insert into jobs (session_id, phase, subject)
      select ${id}::bigint, 'training', id from files where path = ${join(photos, "gone", "1.png")}
      on conflict do nothing`);
    await resumeSession(db, id);
    const { failures, outcome } = await worker.ended(id);
    assert.equal(outcome, "with_errors");
    assert.deepEqual(failures.map((failure) => failure.reason), ["vanished"]);
  });

  await t.step("originals in memory are bounded by their bytes, not by the batch", async () => {
    const id = await createSession(db, { name: "t", rootPath: photos, subdirectories: [""] });
    const size = 40 * 2 ** 20;
    for (let n = 0; n < 8; n++) {
      const path = join(photos, `${id}-large-${n}.jpg`);
      // What follows the end of a JPEG is none of the decoder's business.
      await Deno.writeFile(path, await picture(40 + n).jpeg().toBuffer());
      await Deno.truncate(path, size);
      await db.execute(sql`
        with f as (insert into files (path, size, mtime_ms) values (${path}, ${size}, ${n})
          returning id)
        insert into jobs (session_id, phase, subject)
        select ${id}::bigint, 'training', f.id from f`);
    }
    await db.execute(sql`update phases set total = 8
      where session_id = ${id} and name = 'training'`);
    const intake = createIntake(2);
    const { originals } = intake;
    const inside = { now: 0, most: 0, ever: 0 };
    const counted = async <T>(bytes: number, work: () => Promise<T>) => {
      inside.now += bytes;
      inside.ever += bytes;
      inside.most = Math.max(inside.most, inside.now);
      try {
        return await work();
      } finally {
        inside.now -= bytes;
      }
    };
    const batch = await prepareTraining(context, await claimed(id, 8), {
      ...stages,
      intake: {
        ...intake,
        originals: {
          ...originals,
          pass: (bytes, work, waits) => originals.pass(bytes, () => counted(bytes, work), waits),
        },
      },
    });
    assert.deepEqual(batch!.faults, []);
    assert.equal(batch!.items.filter((item) => item.decoded).length, 8);
    assert.equal(inside.ever, 8 * size, "every original is weighed");
    assert.equal(inside.most, 3 * size);
    await chooseItems(context, batch!);
    await embedBatch(context, batch!);
    await commitTraining(context, batch!);
    assert.deepEqual(await checkLedgers(db), []);
  });

  await t.step("a pause takes effect within two seconds and nothing moves after it", async () => {
    await Deno.mkdir(join(photos, "many"));
    for (let n = 0; n < 150; n++) {
      const bytes = await picture(n).composite([{
        input: { create: { width: 9, height: 9, channels: 3, background: "red" } },
        left: n,
        top: n,
      }]).png().toBuffer();
      await Deno.writeFile(join(photos, "many", `${n}.png`), bytes);
    }
    const id = await createSession(db, {
      name: "t",
      rootPath: photos,
      subdirectories: ["many"],
      skipFaceDetection: true,
    });
    await startSession(db, id);
    const counted = async () => (await readProgress(db, id))!.phases.training.progress.current;
    while (await counted() < 5) await new Promise((resolve) => setTimeout(resolve, 10));
    await pauseSession(db, id);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const paused = await counted();
    assert.ok(paused < 150, "it was over before it could be paused");
    const running = await db.execute(sql`
      select 1 from jobs where session_id = ${id} and state = 'running'`);
    assert.equal(running.length, 0);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(await counted(), paused);
    await resumeSession(db, id);
    assert.equal((await worker.ended(id)).status, "completed");
    assert.deepEqual(await checkLedgers(db), []);
  });

  await worker.close();
});
