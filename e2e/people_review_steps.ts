import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { bytesOfVector, vectorOfBytes } from "../db/vectors.ts";
import { assertAccessible, picture, until } from "./browser.ts";
import { button, type House, press, told } from "./people_house.ts";

/**
 * Seven faces, each as near to every other as faces are that are asked about, but for the last two,
 * which are nearly the same: a yes to the one decides the other.
 */
async function lookalikes(db: Db): Promise<number[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select f.id from faces f where f.cluster_id = (
      select id from clusters order by size desc, id desc limit 1) order by f.id limit 7`);
  const [{ certain, likely }] = await db.execute<{ certain: number; likely: number }>(sql`
    select certain, likely from face_models limit 1`);
  const axes = await quietAxes(db);
  const shared = Math.sqrt((certain + 2 * likely) / 3);
  const own = Math.sqrt(1 - shared ** 2);
  const ids = rows.map((row) => Number(row.id));
  for (const [index, id] of ids.entries()) {
    const vector = new Float32Array(axes.length);
    vector[axes[0]] = shared;
    vector[axes[1 + Math.min(index, 5)]] = index < 6 ? own : own * 0.98;
    if (index === 6) vector[axes[7]] = own * Math.sqrt(1 - 0.98 ** 2);
    await db.execute(sql`update faces set embedding = ${bytesOfVector(vector)}, cluster_id = null,
      quality = 0.8 where id = ${id}`);
  }
  await db.execute(sql`delete from suggestions where face_id = any(${sql.param(ids)}::bigint[])`);
  await db.execute(sql`update clusters c
    set size = (select count(*) from faces f where f.cluster_id = c.id)`);
  await db.execute(sql`delete from clusters where size = 0`);
  return ids;
}

/** Axes of the model's space, those first along which no face of the library lies. */
async function quietAxes(db: Db): Promise<number[]> {
  const rows = await db.execute<{ embedding: Uint8Array }>(sql`select embedding from faces
    where model <> 'drawn'`);
  const vectors = rows.map((row) => vectorOfBytes(row.embedding));
  const loudness = Array.from(
    vectors[0],
    (_, axis) => Math.max(...vectors.map((vector) => Math.abs(vector[axis]))),
  );
  return loudness.map((_, axis) => axis).sort((a, b) => loudness[a] - loudness[b]);
}

/** Y, N and S, face after face, without a touch of anything else. */
export async function reviewed({ url, db, tab }: House): Promise<void> {
  const { page, complaints } = tab;
  const [known, ...asked] = await lookalikes(db);
  const photo = await db.execute(sql`select photo_id from faces where id = ${known}`);
  await page.goto(`${url}/photos/${photo[0].photo_id}`);
  await page.locator(`#face-${known}-name`).fill("Nora");
  await page.keyboard.press("Enter");
  await told(page, /^Named/);
  const items = page.locator(".asked:has(h2:text-is('Is this Nora?')) [data-item]");
  await until("a worker has looked who else is Nora", async () => {
    await page.goto(`${url}/review`);
    return await items.count() === asked.length;
  }, 60);
  await assertAccessible(page);
  await picture(page, "review");
  const other = await tab.another();
  await other.page.goto(`${url}/review`);

  await items.first().focus();
  const idOf = (at: number) => items.nth(at).getAttribute("id").then((id) => Number(id!.slice(11)));
  const order = await Promise.all(asked.map((_, at) => idOf(at)));
  // The two that are nearly the same go last, so that the others are answered one by one.
  const [twin, twinned] = [asked[4], asked[5]];
  const singles = order.filter((id) => id !== twin && id !== twinned);
  const answer = async (faceId: number, key: string) => {
    await page.locator(`#suggestion-${faceId}`).focus();
    await press(page, key);
  };
  await answer(singles[0], "n");
  await until("the no is taken", async () => await items.count() === asked.length - 1);
  assert.ok(await page.evaluate("document.activeElement.matches('[data-item]')"), "focus");
  const [{ no }] = await db.execute<{ no: number }>(sql`
    select count(*)::int as no from rejections where face_id = ${singles[0]}`);
  assert.equal(no, 1);
  await answer(singles[1], "s");
  await until("the skipped one is last", async () => await idOf(asked.length - 2) === singles[1]);
  await answer(twin, "y");
  await until("its twin is decided with it", async () => await items.count() === asked.length - 3);
  const [decided] = await db.execute(sql`
    select f.confirmed, p.name from faces f join people p on p.id = f.person_id
    where f.id = ${twinned}`);
  assert.deepEqual({ ...decided }, { confirmed: false, name: "Nora" });

  // Another tab that still shows all of them: the same answer is no fault, another one is.
  const stale = (faceId: number) => other.page.locator(`#suggestion-${faceId}`);
  await stale(twin).getByRole("button", { name: /^Yes/ }).click();
  await told(other.page, /It was so already/);
  await other.page.goto(`${url}/review`);
  await page.locator(`#suggestion-${singles[2]}`).focus();
  await press(page, "n");
  await until("the no is taken", async () => await items.count() === asked.length - 4);
  await stale(singles[2]).getByRole("button", { name: /^Yes/ }).click();
  await told(other.page, /answered/);
  assert.match(other.complaints.pop()!, /status of 409/);
  await other.page.close();

  await button(page, `Yes to all ${asked.length - 4}: Nora`).click();
  await until("nothing is left to ask of Nora", async () => await items.count() === 0);
  await press(page, "u");
  await until("they are asked again", async () => await items.count() === asked.length - 4);
  assert.deepEqual(complaints, []);
}
