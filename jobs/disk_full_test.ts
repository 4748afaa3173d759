import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import sharp from "sharp";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { holdFor } from "./holds.ts";
import {
  held,
  noAttempts,
  noise,
  quiet,
  row,
  start,
  story,
  training,
  type Worker,
} from "./holds_testing.ts";
import { hasRoom } from "./room.ts";
import { testWorker } from "./testing.ts";

Deno.test("a lack of room is no item's fault, on the disk of the photo store or the database", async () => {
  const database = await testDatabase();
  const thrown = (act: Promise<unknown>) => act.then(() => null, (error) => error);
  try {
    const full = await thrown(Deno.writeFile("/dev/full", new Uint8Array(1)));
    assert.match(holdFor(full, "/data")!.message, /\/data cannot be written \(No space left/);
    const grown = await thrown(database.db.execute(sql`
      do $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`));
    assert.match(holdFor(grown, "/data")!.message, /the disk of the database is full/);
    assert.equal(holdFor(await thrown(database.db.execute(sql`select 1 / 0`)), "/data"), null);
    assert.equal(await hasRoom(database.db, { dataDir: "/tmp", reserve: 1e6 }), true);
    assert.equal(await hasRoom(database.db, { dataDir: "/tmp", reserve: 1e18 }), false);
  } finally {
    await database.drop();
  }
});

/** Only root may mount the small disks of these tests. */
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0;

Deno.test("the data directory's disk fills up, and is given room", { ignore }, async () => {
  const disk = await testDirectory();
  await mount("-t", "tmpfs", "-o", "size=6m", "tmpfs", disk);
  try {
    const ballast = join(disk, "ballast");
    await Deno.writeFile(ballast, new Uint8Array(3_000_000));
    const worker = await testWorker({
      SAFELIGHT_DATA: join(disk, "data"),
      SAFELIGHT_MIN_FREE_MB: "0",
    });
    try {
      await noise(worker.photos, 30);
      const id = await start(worker);
      await held(worker, id, "disk_full");
      await quiet(worker);
      assert.match((await row(worker, id)).holdMessage!, /data cannot be written \(No space left/);
      assert.equal((await training(worker, id)).failed, 0);
      await noAttempts(worker, id);
      assert.deepEqual(partials(worker.config.dataDir), []);
      await mount("-o", "remount,size=64m", disk);
      assert.equal((await worker.ended(id)).outcome, "clean");
      assert.equal((await training(worker, id)).done, 30);
      await allWhole(worker);
      const told = await story(worker, id);
      assert.deepEqual(told.slice(0, 2), ["held", "released"]);
    } finally {
      await worker.close();
    }
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
    await Deno.remove(disk, { recursive: true });
  }
});

Deno.test("the reserve holds runs before the disk is full", { ignore }, async () => {
  const disk = await testDirectory();
  await mount("-t", "tmpfs", "-o", "size=20m", "tmpfs", disk);
  try {
    const ballast = join(disk, "ballast");
    await Deno.writeFile(ballast, new Uint8Array(12_000_000));
    const worker = await testWorker({
      SAFELIGHT_DATA: join(disk, "data"),
      SAFELIGHT_MIN_FREE_MB: "12",
    });
    try {
      await noise(worker.photos, 5);
      const id = await start(worker);
      await held(worker, id, "disk_full");
      const message = (await row(worker, id)).holdMessage!;
      assert.match(message, /\d MB are free in .*data, 12 MB are needed; make room and it goes on/);
      await Deno.remove(ballast);
      assert.equal((await worker.ended(id)).outcome, "clean");
    } finally {
      await worker.close();
    }
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
    await Deno.remove(disk, { recursive: true });
  }
});

async function mount(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("mount", { args }).output();
  if (!success) throw new Error(`Cannot mount: ${new TextDecoder().decode(stderr)}`);
}

/** Files of the photo store that were begun and not finished. */
function partials(dataDir: string): string[] {
  const found: string[] = [];
  for (const kind of ["previews", "thumbnails"]) {
    for (const fan of Deno.readDirSync(join(dataDir, kind))) {
      for (const { name } of Deno.readDirSync(join(dataDir, kind, fan.name))) {
        if (!/^[0-9a-f]{64}\.(jpg|webp)$/.test(name)) found.push(name);
      }
    }
  }
  return found;
}

async function allWhole({ db, config }: Worker): Promise<void> {
  const rows = await db.execute<{ sha256: string }>(sql`select sha256 from photos`);
  for (const { sha256 } of rows) {
    const at = join(config.dataDir, "previews", sha256.slice(0, 2), `${sha256}.jpg`);
    await sharp(await Deno.readFile(at)).stats();
  }
}
