import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { assertAccessible, assertNarrow, openTab, picture } from "./browser.ts";
import { button, type House, nameOf, news } from "./people_house.ts";

/** WCAG 2.2 asks for content that fits into 320 px without scrolling sideways (1.4.10). */

/** The same with a browser that runs no scripts: every button is a form. */
export async function withoutScripts({ url, db }: House): Promise<void> {
  const plain = await openTab({ javaScriptEnabled: false });
  const { page, complaints } = plain;
  await page.goto(`${url}/people`);
  const row = page.locator(".rows > li").first();
  const faceId = Number(await row.locator("[name=faceId]").first().getAttribute("value"));
  await row.locator("input.name").fill("Quinn");
  await row.locator("input.name").press("Enter");
  await page.waitForURL(/changed=/);
  assert.equal(await nameOf(db, faceId), "Quinn");
  await button(page, "Undo").click();
  await page.waitForLoadState();
  assert.match(await news(page).innerText(), /^Taken back/);
  assert.equal(await nameOf(db, faceId), null);

  await page.locator(`#pick-${faceId}`).check({ force: true });
  await button(page, "These are somebody else").first().click();
  await page.waitForURL(/changed=/);
  await button(page, "Undo").click();
  const field = page.locator(".rows input.name").first();
  await field.fill("\u202eevil");
  await field.press("Enter");
  assert.equal(await page.locator("h1").innerText(), "That could not be done");
  assert.equal(await page.getByLabel("Name").inputValue(), "\u202eevil");
  await page.getByLabel("Name").fill("Rosa");
  await button(page, "Try again").click();
  await page.waitForURL(/changed=/);
  assert.match(await news(page).innerText(), /Rosa/);
  assert.deepEqual(complaints.filter((text) => !/status of 422/.test(text)), []);
  await plain.close();
}

/** Dark, light, on a phone, at the narrowest: nothing for axe to say, nothing beside the screen. */
export async function everyPageIsSound(
  { url, db, tab: { page, complaints } }: House,
): Promise<void> {
  const one = async (statement: ReturnType<typeof sql>) =>
    (await db.execute<{ id: string }>(statement))[0].id;
  const person = await one(sql`select id from people where name = 'Anna Alm'`);
  const cluster = await one(sql`select id from clusters order by size desc limit 1`);
  const photo = await one(sql`select photo_id as id from faces group by photo_id
    order by count(*) desc, photo_id limit 1`);
  for (
    const [path, name] of [
      ["/people", "people"],
      ["/people/named", "people-named"],
      ["/people/hidden", "people-hidden"],
      ["/people/unnamed", "people-joined"],
      [`/people/${person}`, "person"],
      [`/clusters/${cluster}`, "cluster"],
      ["/review", "review"],
      ["/changes", "changes"],
      [`/photos/${photo}`, "photo"],
    ]
  ) {
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await page.goto(url + path);
    await page.locator("#keys summary").click();
    await assertAccessible(page);
    await picture(page, name);
    await page.emulateMedia({ colorScheme: "light" });
    await assertAccessible(page);
    await assertNarrow(page, name);
  }
  assert.deepEqual(complaints, []);
}
