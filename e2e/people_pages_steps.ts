import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { assertAccessible, picture, until } from "./browser.ts";
import { button, type House, nameOf, press, told } from "./people_house.ts";

/** Wrong ones are removed in place; name, cover, joining and deleting, each with its way back. */
export async function personsPage({ url, db, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/people`);
  await page.locator(".people a", { hasText: "Anna" }).first().click();
  await page.waitForURL(/\/people\/\d+/);
  const address = page.url();
  const id = Number(address.match(/(\d+)$/)![1]);
  const faces = page.locator(".told > li");
  const before = await faces.count();
  await assertAccessible(page);
  await picture(page, "person");
  const wrong = Number((await faces.first().getAttribute("id"))!.slice(5));
  await page.locator(`#pick-${wrong}`).focus();
  await press(page, "n");
  await until("the face is gone", async () => await faces.count() === before - 1);
  assert.equal(await nameOf(db, wrong), null);
  await press(page, "u");
  await until("the face is back", async () => await faces.count() === before);

  const cover = Number((await faces.nth(1).getAttribute("id"))!.slice(5));
  await page.locator(`#pick-${cover}`).focus();
  await press(page, "c");
  await until(
    "the cover is another",
    async () =>
      (await page.locator(".person-head img").getAttribute("src"))!.includes(`/${cover}/`),
  );

  await page.locator("#rename-name").fill("Anna Alm");
  await button(page, "Rename").click();
  await until(
    "the name is another",
    async () => await page.locator("h1").innerText() === "Anna Alm",
  );

  await page.getByText("Join with somebody…").click();
  await page.locator("#merge-name").fill("Nora");
  await page.locator("#merge-name").press("Enter");
  await until("it asks", () => page.getByText("Is this the Nora you know?").isVisible());
  await button(page, "Yes, join").click();
  await page.waitForURL((at) => !at.pathname.endsWith(`/${id}`));
  assert.equal(await page.locator("h1").innerText(), "Nora");
  await press(page, "u");
  await told(page, /^Taken back/);
  await page.goto(address);
  assert.equal(await page.locator("h1").innerText(), "Anna Alm");

  await page.getByText("Delete…").click();
  await button(page, "Delete Anna Alm").click();
  await page.waitForURL(/\/people\?/);
  await press(page, "u");
  await told(page, /^Taken back/);
  assert.ok(await page.getByText("Anna Alm").first().isVisible());
  assert.deepEqual(complaints, []);
}

/** A face is drawn with the pointer, another by keys alone; a false one is removed. */
export async function photosPage({ url, db, tab: { page, complaints } }: House): Promise<void> {
  const [{ id }] = await db.execute<{ id: string }>(sql`
    select p.id from photos p where p.representative_id is null
      and not exists (select from faces f where f.photo_id = p.id) order by p.id limit 1`);
  await page.goto(`${url}/photos/${id}`);
  const drawn = () =>
    db.execute<{ box: number[]; name: string }>(sql`
      select f.box, p.name from faces f join people p on p.id = f.person_id
      where f.photo_id = ${id} and f.model = 'drawn' order by f.id`);
  await page.getByText("Add a face").click();
  await page.locator("#picture").scrollIntoViewIfNeeded();
  const area = (await page.locator("[data-draw]").boundingBox())!;
  const at = (x: number, y: number) => [area.x + area.width * x, area.y + area.height * y] as const;
  await page.mouse.move(...at(0.2, 0.3));
  await page.mouse.down();
  await page.mouse.move(...at(0.3, 0.4));
  await page.mouse.move(...at(0.4, 0.6));
  await page.mouse.up();
  await page.keyboard.type("Otto");
  await press(page, "Enter");
  await until("a face more", async () => (await drawn()).length === 1);
  const [one] = await drawn();
  assert.equal(one.name, "Otto");
  for (const [index, wanted] of [0.2, 0.3, 0.2, 0.3].entries()) {
    assert.ok(Math.abs(one.box[index] - wanted) < 0.01, `${one.box}`);
  }
  await until(
    "the name is at the box",
    () => page.locator(".names text", { hasText: "Otto" }).isVisible(),
  );
  await assertAccessible(page);
  await picture(page, "photo-drawn");

  await page.goto(`${url}/photos/${id}`);
  await press(page, "a");
  assert.equal(await page.locator(":focus").getAttribute("name"), "x");
  await page.keyboard.type("60");
  await press(page, "ArrowUp", "Tab", "Tab", "Tab", "Tab");
  await page.keyboard.type("Pia");
  await press(page, "Enter");
  await until("another face", async () => (await drawn()).length === 2);
  assert.ok(Math.abs((await drawn())[1].box[0] - 0.601) < 0.0005);
  await page.goto(`${url}/photos/${id}`);
  const focused = page.locator(":focus");
  await press(page, "ArrowDown");
  assert.match((await focused.getAttribute("aria-label"))!, /^Face 1: Otto/);
  await press(page, "ArrowDown");
  assert.match((await focused.getAttribute("aria-label"))!, /^Face 2: Pia/);
  await press(page, "Enter");
  assert.equal(await focused.getAttribute("name"), "name");
  await press(page, "Escape");
  assert.match((await focused.getAttribute("aria-label"))!, /^Face 2: Pia/);
  await button(page, "Not a face: face 1").click();
  await until("one is removed", async () => (await drawn()).length === 1);
  await press(page, "u");
  await until("it is back", async () => (await drawn()).length === 2);
  assert.deepEqual(complaints, []);
}

/** Anything can be taken back from the list, whoever did it. */
export async function changesPage({ url, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/changes`);
  const open = page.locator(".changes > li:not(.undone)");
  const before = await open.count();
  await open.first().getByRole("button").click();
  await until("one less holds", async () => await open.count() === before - 1);
  assert.deepEqual(complaints, []);
}
