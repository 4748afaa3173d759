import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { addFile } from "../routes/testing.ts";
import { assertAccessible, assertNarrow, picture, until } from "./browser.ts";
import { button, type House, press } from "./people_house.ts";
import { openSearchHouse } from "./search_house.ts";

Deno.test("a photo's page leads on: neighbours, copies, more like it; duplicates are listed", async () => {
  const house = await openSearchHouse();
  await withCopies(house);
  await neighbours(house);
  await copiesAndMore(house);
  await duplicates(house);
  await house.close();
});

/** A path that a page, a spreadsheet and a form have to take as it is. */
const ODD = '/backup/=one "more".jpg';

/** Second files of two photos, a face, and a duplicate that becomes a picture of another moment. */
async function withCopies({ db }: House): Promise<void> {
  const [{ id, head }] = await db.execute<{ id: string; head: string }>(sql`
    select id, representative_id as head from photos where representative_id is not null
    order by id limit 1`);
  const [{ sessionId }] = await db.execute<{ sessionId: string }>(sql`
    select id as "sessionId" from sessions limit 1`);
  const run = { sessionId: Number(sessionId), state: "skipped" } as const;
  await addFile(db, { ...run, path: ODD, photoId: Number(head) });
  await addFile(db, { ...run, path: "/backup/near.jpg", photoId: Number(id) });
  const [other] = await db.execute<{ id: string }>(sql`
    select id from photos where representative_id is null order by id desc limit 1`);
  await addFile(db, { ...run, path: "/backup/other.jpg", photoId: Number(other.id) });
  await db.execute(sql`
    insert into faces (photo_id, model, box, landmarks, score, quality, embedding)
    values (${other.id}, 'builtin@0123456789ab', '{0.5,0.25,0.1,0.2}', '{}', 0.9, 0.5, '\\x00')`);
  await db.execute(sql`update photos set taken_at = '1999-12-31T23:59:59' where id = ${id}`);
  await db.execute(sql`update photos set taken_at = '2001-01-01T00:00:00' where id = ${head}`);
}

/** Left and right go through time; in a field and in the row of a face they do not. */
async function neighbours({ url, db, tab: { page, complaints } }: House): Promise<void> {
  const ids = (await db.execute<{ id: string }>(sql`
    select p.id from photos p where representative_id is null and taken_at is not null
      and exists (select from files f where f.photo_id = p.id and f.missing_at is null)
    order by taken_at, p.id`)).map(({ id }) => Number(id));
  assert.ok(ids.length >= 3, `${ids}`);
  const at = (index: number) => `/photos/${ids[index]}`;
  const goes = (key: string, index: number) =>
    Promise.all([page.waitForURL((to) => to.pathname === at(index)), press(page, key)]);
  const from = "/search?q=red";
  await page.goto(`${url}${at(1)}?from=${encodeURIComponent(from)}`);
  await goes("ArrowRight", 2);
  assert.equal(await page.locator("#back").getAttribute("href"), from);
  await goes("ArrowLeft", 1);
  await goes("ArrowLeft", 0);
  assert.equal(await page.getByRole("link", { name: "← Earlier" }).count(), 0);
  await press(page, "ArrowLeft");
  await press(page, "a");
  await page.locator("input[data-side=x]").press("ArrowRight");
  await page.locator("#draw-name").press("ArrowRight");
  assert.equal(new URL(page.url()).pathname, at(0));
  const strip = page.locator("#neighbours");
  assert.equal(await strip.locator("a[aria-current=page]").count(), 1);
  assert.ok(await strip.locator("a").count() >= 3);

  const [{ id }] = await db.execute<{ id: string }>(sql`
    select photo_id as id from faces order by id limit 1`);
  await page.goto(`${url}/photos/${id}`);
  await press(page, "ArrowDown");
  const focused = () => page.evaluate("document.activeElement.getAttribute('aria-label')");
  assert.match(String(await focused()), /^Face 1/);
  await press(page, "ArrowRight", "ArrowLeft");
  assert.match(String(await focused()), /^Face 1/);
  assert.equal(new URL(page.url()).pathname, `/photos/${id}`);
  assert.deepEqual(complaints, []);
}

/** Every file of it, what looks the same, and what is like it, which comes when somebody scrolls there. */
async function copiesAndMore(house: House): Promise<void> {
  const { url, db, tab: { page, complaints, requests } } = house;
  const [{ id }] = await db.execute<{ id: string }>(sql`
    select photo_id as id from files where path = ${ODD}`);
  await page.goto(`${url}/photos/${id}`);
  assert.ok(await page.getByText(ODD, { exact: true }).isVisible());
  const duplicates = page.locator("#duplicates");
  assert.match(
    await duplicates.locator("summary").innerText(),
    /^\d+ duplicates?: .*other picture/,
  );
  const near = page.getByText("/backup/near.jpg", { exact: true });
  assert.ok(await near.isVisible());
  await duplicates.locator("summary").click();
  await until("they fold away", async () => !await near.isVisible());
  await duplicates.locator("summary").click();

  await look(house, "photo-copies");
  await page.goto(await hrefOf(house, "#duplicates .alike-thumb"));
  assert.ok(await page.getByText(/^A duplicate of/).isVisible());

  const [liked, others] = await likedPhoto(house);
  await page.goto(`${url}/photos/${liked}`);
  const asked = () => requests.filter((path) => path === `/photos/${liked}/similar`).length;
  const similar = page.locator("#similar img");
  await page.locator("#similar").scrollIntoViewIfNeeded();
  await page.locator("#similar > *").first().waitFor();
  assert.equal(asked(), 1);
  const shown = await similar.count();
  assert.equal(shown, Math.min(12, others));
  // A form about a face exchanges the page around them.
  await press(page, "a");
  await page.locator("#draw-name").fill("Quirin");
  await button(page, "Add").click();
  await until("the face is there", () => page.getByText("Quirin").first().isVisible());
  assert.equal(await similar.count(), shown);
  assert.equal(asked(), 1);
  await look(house, "photo-similar");
  assert.deepEqual(complaints, []);
}

/** A photo to which others are more alike than by chance, and how many. */
async function likedPhoto({ url, db }: House): Promise<[id: string, others: number]> {
  const rows = await db.execute<{ id: string }>(sql`
    select p.id from photos p where representative_id is null
      and not exists (select from faces f where f.photo_id = p.id) order by p.id`);
  for (const { id } of rows) {
    const { results } = await (await fetch(`${url}/api/v1/search?like=${id}`)).json();
    if (results.length >= 3) return [id, results.length];
  }
  throw new Error(`None of ${rows.length} photos is like others`);
}

const hrefOf = async ({ url, tab: { page } }: House, selector: string) =>
  url + await page.locator(selector).first().getAttribute("href");

/** From the list of photos to the groups; filters; the list as a file. */
async function duplicates(house: House): Promise<void> {
  const { url, tab: { page, complaints } } = house;
  await page.goto(`${url}/photos`);
  await page.getByRole("link", { name: "Duplicates" }).click();
  await page.waitForURL(/\/duplicates$/);
  const groups = page.locator(".groups > li");
  const all = await groups.count();
  assert.ok(all >= 2, `${all} groups`);
  const total = page.locator("#total");
  await until("all are counted", async () => /\d+ groups? of/.test(await total.innerText()));
  assert.match(await total.innerText(), new RegExp(`^${all} groups of \\d+ files`));
  await look(house, "duplicates");

  await page.getByRole("link", { name: "Near" }).click();
  await page.waitForURL(/kind=near$/);
  assert.equal(await groups.count(), 1);
  assert.ok(await page.getByText(/taken 31 December 1999/).isVisible());
  await page.getByLabel("In the folder").fill("/nowhere");
  await button(page, "Show").click();
  await page.waitForURL(/kind=near&folder=%2Fnowhere$/);
  assert.ok(await page.getByText("Nothing in the library is like that.").isVisible());
  await look(house, "duplicates-none");
  await page.getByRole("link", { name: "Exact copies" }).click();
  await page.getByRole("link", { name: "All folders" }).click();
  await page.waitForURL(/\/duplicates\?kind=exact$/);
  assert.ok(await page.getByText(ODD, { exact: true }).isVisible());

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export as CSV" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "safelight-duplicates-exact.csv");
  const csv = await Deno.readTextFile(await download.path());
  assert.ok(csv.includes('"/backup/=one ""more"".jpg"'), csv.slice(0, 500));
  await groups.first().locator("a").first().click();
  assert.equal(await page.locator("#back").innerText(), "Back to the duplicates");
  await page.locator("#back").click();
  await page.waitForURL(/\/duplicates\?kind=exact$/);
  assert.deepEqual(complaints, []);
}

/** Sound in the dark and in the light, wide and narrow; with pictures for people. */
async function look({ tab: { page } }: House, name: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await assertAccessible(page);
    await picture(page, `library-${name}-${colorScheme}`);
  }
  await assertNarrow(page, `library-${name}`);
}
