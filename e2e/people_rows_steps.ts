import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { assertAccessible, picture, until } from "./browser.ts";
import {
  button,
  facesOfRow,
  type House,
  nameOf,
  press,
  rowCount,
  rowId,
  told,
} from "./people_house.ts";

/** Arrow keys, Enter, a name, Enter; then the name a second time, and Y after a look at both. */
export async function namedByKeys({ url, db, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/people`);
  const before = await rowCount(page);
  assert.ok(before >= 6, `${before} rows`);
  await press(page, "ArrowDown");
  const [first, second] = await facesOfRow(page);
  const focused = page.locator(":focus");
  assert.equal(await focused.getAttribute("value"), String(first));
  await press(page, "ArrowRight");
  assert.equal(await focused.getAttribute("value"), String(second));
  await press(page, "End", "Home", "ArrowDown", "ArrowUp", "Enter");
  assert.equal(await focused.getAttribute("name"), "name");
  await page.keyboard.type("Anna");
  await press(page, "Enter");
  await told(page, /^Named \d+ faces .Anna/);
  assert.equal(await rowCount(page), before - 1);
  assert.equal(await nameOf(db, first), "Anna");
  await until("the name has a cover", () => page.locator(".people .person-name").isVisible());
  assert.equal(await page.locator(".people .person-name").innerText(), "Anna");

  // The focus is in the row that moved up; without touching anything else the next is named.
  const next = await rowId(page);
  assert.ok(next, "the focus is lost");
  const [other] = await facesOfRow(page);
  await press(page, "Enter");
  await page.keyboard.type("ann");
  await until(
    "the name is completed",
    async () => await page.locator("#names option[value=Anna]").count() === 1,
  );
  await page.keyboard.type("a");
  await press(page, "Enter");
  await until("the page asks", () => page.getByText("Is this the Anna you know?").isVisible());
  assert.equal(await page.locator(":focus").innerText(), "Yes, join");
  await assertAccessible(page);
  await picture(page, "people-question");
  assert.equal(await nameOf(db, other), null);
  await press(page, "y");
  await told(page, /Anna/);
  assert.equal(await nameOf(db, other), "Anna");

  // "No, another Anna" makes somebody else of that name.
  const [third] = await facesOfRow(page);
  await press(page, "Enter");
  await page.keyboard.type("Anna");
  await press(page, "Enter");
  await until("the page asks", () => page.getByText("Is this the Anna you know?").isVisible());
  await press(page, "n");
  await told(page, /^Named/);
  assert.equal(await nameOf(db, third), "Anna");
  const [{ count }] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from people where name = 'Anna'`);
  assert.equal(count, 2);
  assert.deepEqual(complaints, []);
}

/** U takes back the last, then the one before; Ctrl+Z does the same. */
export async function takenBack({ url, db, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/people`);
  const before = await rowCount(page);
  await press(page, "u");
  await told(page, /^Taken back: Named/);
  await until("a row is back", async () => await rowCount(page) === before + 1);
  await press(page, "Control+z");
  await until("another is back", async () => await rowCount(page) === before + 2);
  const [{ count }] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from people where name = 'Anna'`);
  assert.equal(count, 1);
  assert.deepEqual(complaints, []);
}

/** Picked faces become a row of their own; M on two rows makes one of them again. */
export async function splitAndJoined({ url, db, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/people`);
  const before = await rowCount(page);
  await press(page, "ArrowDown");
  const [one, two, three] = await facesOfRow(page);
  const clusterOf = async (faceId: number) =>
    (await db.execute(sql`select cluster_id, person_id from faces where id = ${faceId}`))[0];
  await press(page, "Space", "ArrowRight", "Space");
  assert.ok(await button(page, "These are somebody else").first().isVisible());
  await picture(page, "people-picked");
  await press(page, "s");
  await until("there is a row more", async () => await rowCount(page) === before + 1);
  const split = await clusterOf(one);
  assert.deepEqual(split, await clusterOf(two));
  assert.notDeepEqual(split, await clusterOf(three));

  const rowWith = (faceId: number) => page.locator(`.rows > li:has(#pick-${faceId})`);
  for (const faceId of [one, three]) {
    await rowWith(faceId).locator("[name=faceId]").first().focus();
    await press(page, "m");
  }
  await until(
    "both are one",
    async () => await rowWith(one).getAttribute("id") === await rowWith(three).getAttribute("id"),
  );
  assert.ok(await page.getByText("Put together, without a name").isVisible());
  const joined = await clusterOf(one);
  assert.notEqual(joined.person_id, null);
  await press(page, "u");
  await until(
    "they are two again",
    async () => await rowWith(one).getAttribute("id") !== await rowWith(three).getAttribute("id"),
  );
  await press(page, "u");
  await until("they are one group again", async () => await rowCount(page) === before);
  assert.deepEqual(await clusterOf(one), await clusterOf(three));
  assert.deepEqual(complaints, []);
}

export async function movedAndHidden({ url, db, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/people`);
  await press(page, "ArrowDown");
  const [moved] = await facesOfRow(page);
  await press(page, "Space", "ArrowDown");
  const [there] = await facesOfRow(page);
  await press(page, "v");
  await until(
    "the face is in the other row",
    async () => await page.locator(`.rows > li:has(#pick-${there}) #pick-${moved}`).count() === 1,
  );
  await press(page, "u");
  await told(page, /^Taken back/);

  const before = await rowCount(page);
  await page.goto(`${url}/people`);
  await press(page, "ArrowDown");
  const [stranger] = await facesOfRow(page);
  await press(page, "h");
  await until("the row is gone", async () => await rowCount(page) === before - 1);
  const [{ hidden }] = await db.execute<{ hidden: boolean }>(sql`
    select p.hidden from faces f join people p on p.id = f.person_id where f.id = ${stranger}`);
  assert.equal(hidden, true);
  const [none, other] = await facesOfRow(page);
  const gone = async () =>
    (await db.execute<{ id: string }>(sql`select id from faces where not_a_face`))
      .map((row) => Number(row.id));
  await press(page, "f");
  await until("one face is none", async () => (await gone()).includes(none));
  assert.equal((await gone()).includes(other), false);
  await until("the focus is on the next", () => page.locator(`#pick-${other}:focus`).isVisible());
  await press(page, "u");
  await until("it is back", async () => (await gone()).length === 0);

  await page.getByRole("link", { name: "Hidden" }).click();
  await page.getByRole("button", { name: /^Show again/ }).click();
  await told(page, /./);
  assert.ok(await page.getByText("Nobody is hidden").isVisible());
  await press(page, "?");
  assert.ok(await page.locator("#keys dl").isVisible());
  assert.deepEqual(complaints, []);
}

/** A name that cannot be: the reason is told, and what was typed stays where it was. */
export async function refusedName({ url, tab: { page, complaints } }: House): Promise<void> {
  await page.goto(`${url}/people`);
  const field = page.locator(".rows input.name").first();
  await field.fill("x".repeat(201));
  const before = await rowCount(page);
  await field.press("Enter");
  await told(page, /at most 200/);
  assert.equal(await field.inputValue(), "x".repeat(201));
  assert.equal(await rowCount(page), before);
  assert.equal(complaints.length, 1, `${complaints}`);
  assert.match(complaints.pop()!, /status of 422/);

  // What is half typed in one row stays while another is dealt with.
  await field.fill("");
  const other = page.locator(".rows > li").nth(1);
  const id = await other.getAttribute("id");
  await other.locator("input.name").fill("Half a na");
  await page.locator(".rows > li").first().locator("[name=faceId]").first().focus();
  await press(page, "h");
  await until("a row is gone", async () => await rowCount(page) === before - 1);
  assert.equal(await page.locator(`#${id} input.name`).inputValue(), "Half a na");
  await press(page, "u");
  await until("it is back", async () => await rowCount(page) === before);
  assert.equal(await page.locator(`#${id} input.name`).inputValue(), "Half a na");
}
