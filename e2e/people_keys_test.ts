import assert from "node:assert/strict";
import { inArray } from "drizzle-orm";
import type { Page } from "playwright-core";
import {
  insertCluster,
  insertPerson,
  insertSuggestion,
  lookingLike,
} from "../db/people_testing.ts";
import { faces } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { until } from "./browser.ts";
import { button, news, press, told } from "./people_house.ts";
import { openShown, type Shown } from "./people_shown.ts";

Deno.test("the pages of people by keys alone", async (t) => {
  const shown = await openShown();
  await t.step("arrows reach the faces of a person", () => personByKeys(shown));
  await t.step("Enter names the face that has the focus", () => movedByEnter(shown));
  await t.step("F takes the face that has the focus", () => notAFace(shown));
  await t.step("arrows go by lines through many faces", () => byLines(shown));
  await t.step("an equal message is told again", () => toldAgain(shown));
  await t.step("the focus is never lost", () => focusStays(shown));
  await t.step("keys of one letter can be switched off", () => keysOff(shown));
  assert.deepEqual(shown.tab.complaints, []);
  await shown.close();
});

/** Id of what has the focus; its tag if it has none. */
const focus = (page: Page) =>
  page.evaluate("document.activeElement.id || document.activeElement.localName") as Promise<string>;

const middle = async (page: Page) => {
  const { x, y, width, height } = (await page.locator(":focus").boundingBox())!;
  return [Math.round(x + width / 2), Math.round(y + height / 2)];
};

async function personByKeys({ url, db, tab: { page } }: Shown): Promise<void> {
  const { id } = await insertPerson(db, { name: "Anna", count: 20, like: 1 });
  await page.goto(`${url}/people/${id}`);
  const first = await page.locator(".told input").first().getAttribute("id");
  await press(page, "ArrowDown");
  assert.equal(await focus(page), first);
  const [x, y] = await middle(page);
  await press(page, "ArrowDown");
  const [below, deeper] = await middle(page);
  assert.equal(below, x);
  assert.ok(deeper > y, `${deeper} is not below ${y}`);
  await press(page, "ArrowUp", "ArrowUp", "ArrowUp");
  assert.equal(await focus(page), first);
  await page.locator("#rename-name").focus();
  await press(page, "Escape", "ArrowDown");
  assert.equal(await focus(page), first);
}

async function movedByEnter({ db, tab: { page } }: Shown): Promise<void> {
  const faceId = Number((await focus(page)).slice("pick-".length));
  await press(page, "Enter");
  assert.equal(await focus(page), "move-name");
  assert.equal(await page.locator(".told input:checked").getAttribute("id"), `pick-${faceId}`);
  await page.keyboard.type("Somebody");
  await press(page, "Enter");
  await told(page, /^Named 1 face .Somebody/);
  const [{ personId }] = await db.select().from(faces).where(inArray(faces.id, [faceId]));
  assert.match(await page.locator("h1").innerText(), /Anna/);
  assert.notEqual(personId, Number(page.url().match(/people\/(\d+)/)![1]));
  assert.match(await focus(page), /^pick-/);
}

async function notAFace({ url, db, tab: { page } }: Shown): Promise<void> {
  const { id, faceIds } = await insertCluster(db, { count: 4, like: 2 });
  const marked = async () =>
    (await db.select().from(faces).where(inArray(faces.id, faceIds)))
      .filter((face) => face.notAFace).map((face) => face.id);
  await page.goto(`${url}/people`);
  await page.locator(`#clusters-${id} .who`).focus();
  await press(page, "f");
  await page.locator(`#pick-${faceIds[1]}`).focus();
  await press(page, "f");
  await told(page, /1 face/);
  assert.deepEqual(await marked(), [faceIds[1]]);
  assert.equal(await focus(page), `pick-${faceIds[2]}`);
  await button(page, "Not a face").click();
  await until("the group is gone", async () => await page.locator(`#clusters-${id}`).count() === 0);
  assert.equal((await marked()).length, 4);
}

async function byLines({ url, db, tab: { page } }: Shown): Promise<void> {
  const cluster = await insertCluster(db, { count: 40, like: 3 });
  const bea = await insertPerson(db, { name: "Bea", count: 1, like: 4 });
  for (let n = 0; n < 20; n++) {
    await insertSuggestion(db, { personId: bea.id, similarity: 0.5, like: 5 });
  }
  for (const path of [`/clusters/${cluster.id}`, `/review?person=${bea.id}`]) {
    await page.goto(url + path);
    await press(page, "ArrowDown", "ArrowRight");
    const [x, y] = await middle(page);
    await press(page, "ArrowDown");
    const [below, deeper] = await middle(page);
    assert.equal(below, x, path);
    assert.ok(deeper > y, `${path}: ${deeper} is not below ${y}`);
  }
}

/** What is read out is what is new on the page: the same words need a new line. */
async function toldAgain({ url, db, tab: { page } }: Shown): Promise<void> {
  const cleo = await insertPerson(db, { name: "Cleo", count: 1, like: 6 });
  for (const other of [7, 8, 9]) {
    const embedding = bytesOfVector(lookingLike(6, { likeness: 0.5, else: other }));
    await insertSuggestion(db, { personId: cleo.id, similarity: 0.5, embedding });
  }
  await page.goto(`${url}/review?person=${cleo.id}`);
  const open = page.locator("[data-item]");
  await press(page, "ArrowDown", "n");
  await until("a face less", async () => await open.count() === 2);
  const words = await news(page).locator("p").innerText();
  await page.evaluate("void (globalThis.line = document.querySelector('#news p'))");
  await press(page, "n");
  await until("two faces less", async () => await open.count() === 1);
  assert.equal(await news(page).locator("p").innerText(), words);
  assert.equal(await page.evaluate("globalThis.line.isConnected"), false);
}

async function focusStays({ url, db, tab: { page } }: Shown): Promise<void> {
  for (const name of ["Ella", "Finn"]) await insertPerson(db, { name, count: 1, hidden: true });

  await page.goto(`${url}/people/hidden`);
  await page.getByRole("button", { name: "Show again: Ella" }).press("Enter");
  await told(page, /Ella/);
  assert.match((await page.locator(":focus").getAttribute("href"))!, /^\/people\/\d+$/);
  await page.getByRole("button", { name: "Show again: Finn" }).press("Enter");
  await told(page, /Finn/);
  assert.equal(await focus(page), "h1");
  await button(page, "Undo").press("Enter");
  await told(page, /^Taken back/);
  assert.equal(await focus(page), "h1");
  await press(page, "ArrowDown");
  assert.match((await page.locator(":focus").getAttribute("href"))!, /^\/people\/\d+$/);

  await page.goto(`${url}/changes`);
  const second = page.locator(".changes > li:not(.undone)").nth(1);
  const wanted = await second.getAttribute("id");
  await page.locator(".changes > li:not(.undone) button").first().press("Enter");
  await told(page, /^Taken back/);
  const at = await page.evaluate("document.activeElement.closest('li')?.id");
  assert.equal(at, wanted);
}

async function keysOff({ url, db, tab: { page } }: Shown): Promise<void> {
  const { id, faceIds } = await insertCluster(db, { count: 3, like: 6 });
  const row = page.locator(`#clusters-${id}`);
  const asks = page.getByRole("checkbox", { name: /^Use keys of one letter/ });
  await page.goto(`${url}/people`);
  await press(page, "?");
  await asks.uncheck();
  await page.reload();
  await row.locator("input[name=faceId]").first().focus();
  await press(page, "h", "?", "u", "ArrowRight");
  assert.equal(await focus(page), `pick-${faceIds[1]}`);
  assert.equal(await page.locator("#keys dl").isVisible(), false);
  assert.equal(await news(page).innerText(), "");
  await page.locator("#keys summary").click();
  assert.equal(await asks.isChecked(), false);
  await asks.check();
  await page.locator(`#pick-${faceIds[0]}`).focus();
  await press(page, "h");
  await until("the row is gone", async () => await row.count() === 0);
}
