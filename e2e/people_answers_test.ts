import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertPhoto,
  insertProposal,
  insertSuggestion,
} from "../db/people_testing.ts";
import { faces, people } from "../db/schema.ts";
import { assertAccessible, picture, until } from "./browser.ts";
import { button, news, press, told } from "./people_house.ts";
import { openShown, type Shown } from "./people_shown.ts";

/** WCAG 2.2 asks for content that fits into 320 px without scrolling sideways (1.4.10). */
const NARROWEST = { width: 320, height: 700 };

Deno.test("questions about people, stale pages, faults and long names in a browser", async (t) => {
  const shown = await openShown();
  const { complaints } = shown.tab;
  await t.step("Y and N answer the question of a row", () => likelyRow(shown));
  await t.step("Y and N answer what a grouping proposes", () => proposed(shown));
  await t.step("a double click names once", () => namedOnce(shown));
  await t.step("a drawn face is asked about with its picture", () => drawnFace(shown));
  assert.deepEqual(complaints, []);
  await t.step("a page that is no longer true says so", () => stalePage(shown));
  await t.step("without an answer nobody knows whether it was done", () => noAnswer(shown));
  await t.step("a long name is refused in words, or fits", () => longName(shown));
  const refusals = complaints.splice(0);
  const expected = /^error: (Failed to load resource|htmx: htmx:error: Failed to fetch)/;
  assert.deepEqual(refusals.filter((text) => !expected.test(text)), []);
  await shown.close();
});

const ownerOf = async ({ db }: Shown, faceId: number) => {
  const [{ personId }] = await db.select().from(faces).where(eq(faces.id, faceId));
  return personId;
};

async function likelyRow(shown: Shown): Promise<void> {
  const { url, db, tab: { page } } = shown;
  const anna = await insertPerson(db, { name: "Anna", count: 2, like: 1 });
  const ask = async () => {
    const cluster = await insertCluster(db, { count: 3, like: 2 });
    const wish = { personId: anna.id, faceIds: cluster.faceIds, similarity: 0.55 };
    await insertProposal(db, wish);
    return cluster;
  };
  const [one, two] = [await ask(), await ask()];
  await page.goto(`${url}/people`);
  await page.locator(`#pick-${one.faceIds[0]}`).focus();
  await press(page, "y");
  await until(
    "the row is gone",
    async () => await page.locator(`#clusters-${one.id}`).count() === 0,
  );
  assert.equal(await ownerOf(shown, one.faceIds[2]), anna.id);
  await page.locator(`#pick-${two.faceIds[0]}`).focus();
  await press(page, "n");
  const question = page.locator(`#clusters-${two.id} .likely`);
  await until("the question is gone", async () => await question.count() === 0);
  assert.equal(await ownerOf(shown, two.faceIds[0]), null);
  await press(page, "u");
  await until("it is asked again", async () => await question.count() === 1);
  await question.getByRole("button", { name: "Yes" }).click();
  await until("it is answered", async () => await question.count() === 0);
}

async function proposed(shown: Shown): Promise<void> {
  const { url, db, tab: { page } } = shown;
  const ben = await insertPerson(db, { name: "Ben", count: 2, like: 3 });
  const ask = async () => {
    const faceId = await insertFace(db, { like: 3 });
    const id = await insertProposal(db, { personId: ben.id, faceIds: [faceId] });
    return { faceId, row: page.locator(`#proposal-${id}`) };
  };
  const [one, two] = [await ask(), await ask()];
  await page.goto(`${url}/review`);
  await press(page, "ArrowDown", "y");
  await until("one is answered", async () => await one.row.count() + await two.row.count() === 1);
  await press(page, "n");
  await until("both are", async () => await one.row.count() + await two.row.count() === 0);
  const owners = [await ownerOf(shown, one.faceId), await ownerOf(shown, two.faceId)];
  assert.deepEqual(owners.filter((owner) => owner === ben.id).length, 1);
}

async function namedOnce({ url, db, tab: { page } }: Shown): Promise<void> {
  const { id } = await insertCluster(db, { count: 4, like: 4 });
  await page.goto(`${url}/people`);
  await page.locator(`#clusters-${id}-name`).fill("Cleo");
  await page.locator(`#clusters-${id}-form .primary`).dblclick();
  await told(page, /^Named 4 faces .Cleo/);
  await page.waitForTimeout(300);
  assert.match(await news(page).innerText(), /^Named 4 faces .Cleo/);
  assert.equal(await page.locator("#question").count(), 0);
  assert.equal((await db.select().from(people).where(eq(people.name, "Cleo"))).length, 1);
}

async function drawnFace({ url, db, tab: { page } }: Shown): Promise<void> {
  const id = await insertPhoto(db);
  await page.goto(`${url}/photos/${id}`);
  await press(page, "a");
  await page.locator("#draw-name").fill("Cleo");
  await press(page, "Enter");
  await until("it asks", () => page.getByText("Is this the Cleo you know?").isVisible());
  // 40, 35, 20 and 30 per cent of a preview of 120 × 80.
  const crop = page.locator("#question svg.crop");
  assert.equal(await crop.getAttribute("viewBox"), "48 28 24 24");
  const { width, height } = (await crop.boundingBox())!;
  assert.ok(width > 40 && width === height, `${width} × ${height}`);
  await assertAccessible(page);
  await picture(page, "photo-question");
}

/** Somebody else was quicker: the face is Ben's for certain by now. */
async function stalePage(shown: Shown): Promise<void> {
  const { url, db, tab: { page } } = shown;
  const dora = await insertPerson(db, { name: "Dora", count: 1, like: 6 });
  const ella = await insertPerson(db, { name: "Ella", count: 1, like: 7 });
  const faceId = await insertFace(db, { personId: dora.id, like: 6, similarity: 0.7 });
  await page.goto(`${url}/people/${dora.id}`);
  await db.update(faces).set({ personId: ella.id, confirmed: true }).where(eq(faces.id, faceId));
  for (const key of ["y", "n"]) {
    await page.locator(`#pick-${faceId}`).focus();
    await press(page, key);
    await told(page, /Ella/);
    assert.ok(await page.locator("#news .fault").isVisible());
    await page.evaluate("document.getElementById('news').replaceChildren()");
  }
  assert.equal(await ownerOf(shown, faceId), ella.id);
}

async function noAnswer({ url, db, tab: { page } }: Shown): Promise<void> {
  const finn = await insertPerson(db, { name: "Finn", count: 1, like: 8 });
  await insertSuggestion(db, { personId: finn.id, similarity: 0.5, like: 9 });
  await page.goto(`${url}/review`);
  const yes = page.locator("[data-item] button").first();
  const unknown = /It is not known whether it was done; reload the page/;
  await page.route("**/review/answer", (route) => route.abort());
  await yes.click();
  await told(page, unknown);
  await page.unroute("**/review/answer");
  await page.reload();
  await page.route("**/review/answer", (route) => route.fulfill({ status: 500, body: "" }));
  await yes.click();
  await told(page, unknown);
  await page.unroute("**/review/answer");
}

async function longName({ url, db, tab: { page } }: Shown): Promise<void> {
  const name = "Wolfeschlegelsteinhausenberger".repeat(7).slice(0, 200);
  const { id } = await insertCluster(db, { count: 3, like: 10 });
  const gus = await insertPerson(db, { name: "Gus", count: 2, like: 11 });
  const wide = page.viewportSize()!;
  await page.setViewportSize(NARROWEST);
  await page.goto(`${url}/people`);
  const field = page.locator(`#clusters-${id}-name`);
  await field.focus();
  await page.keyboard.insertText(`${name}!`);
  await press(page, "Enter");
  await told(page, /201 characters; at most 200/);
  assert.equal(await field.inputValue(), `${name}!`);
  await picture(page, "people-refused-phone");

  await db.update(people).set({ name }).where(eq(people.id, gus.id));
  await insertSuggestion(db, { personId: gus.id, similarity: 0.5, like: 12 });
  await insertProposal(db, { personId: gus.id, faceIds: [await insertFace(db, { like: 12 })] });
  const photoId = await insertPhoto(db);
  await insertFace(db, { personId: gus.id, photoId, like: 11, similarity: 0.6 });
  await insertFace(db, { photoId, box: [0.8, 0.2, 0.1, 0.1] });
  for (
    const path of [
      "/people",
      "/people/named",
      `/people/${gus.id}`,
      `/clusters/${id}`,
      "/review",
      `/photos/${photoId}`,
    ]
  ) {
    await page.goto(url + path);
    await page.evaluate("document.querySelectorAll('details').forEach((it) => it.open = true)");
    await fits(page, path);
    await picture(page, `long-name${path.replace(/\d+/, "").replaceAll("/", "-")}`);
  }
  await page.goto(`${url}/people`);
  await field.fill(name);
  await press(page, "Enter");
  await until("it asks", () => page.locator("#question").isVisible());
  await fits(page, "the question");
  await picture(page, "long-name-question");
  await button(page, `No, another ${name}`).click();
  await told(page, /^Named 3 faces/);
  await fits(page, "the message");
  await page.goto(`${url}/changes`);
  await fits(page, "/changes");
  await page.setViewportSize(wide);
}

async function fits(page: Shown["tab"]["page"], what: string): Promise<void> {
  const reaches = await page.evaluate("document.documentElement.scrollWidth");
  assert.equal(reaches, NARROWEST.width, `${what} does not fit into ${NARROWEST.width} px`);
}
