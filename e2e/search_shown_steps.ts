import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "./browser.ts";
import { box, shownIds, status } from "./search_asked_steps.ts";
import { MANY, type SearchHouse } from "./search_house.ts";

const focused = (page: Page) =>
  page.evaluate("document.activeElement.closest('#found > li')?.id ?? document.activeElement.id");

/** The next photos come while somebody scrolls; none twice, and then there is an end. */
export async function scrolled({ url, tab: { page, complaints } }: SearchHouse): Promise<void> {
  await page.goto(`${url}/search`);
  const first = await shownIds(page);
  assert.equal(first.length, 60);
  await until("all photos are shown", async () => {
    await page.keyboard.press("End");
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
    return (await shownIds(page)).length === MANY;
  }, 20);
  const all = await shownIds(page);
  assert.equal(new Set(all).size, MANY);
  assert.deepEqual(all.slice(0, 60), first);
  assert.equal(await page.locator("#more a").count(), 0);
  assert.equal(await status(page), `${MANY} photos, the newest first`);
  assert.deepEqual(complaints, []);
}

/** Rows fill the page and no photo is cut; arrow keys go through them, also where rows were added. */
export async function throughTheGrid(
  { url, tab: { page, complaints } }: SearchHouse,
): Promise<void> {
  await page.goto(`${url}/search`);
  const rows: { right: number; heights: number; cut: number }[] = await page.evaluate(ROWS);
  assert.ok(rows.length > 5);
  for (const { right, heights, cut } of rows.slice(0, -1)) {
    assert.ok(right < 2, `a row ends ${right} px before the others`);
    assert.ok(heights < 3, `photos of one row differ by ${heights} px`);
    assert.ok(cut < 0.05, `${cut} of a photo is cut`);
  }
  const ids = (await shownIds(page)).map((id) => `photo-${id}`);
  await box(page).focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), ids[0]);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(page), ids[2]);
  await page.keyboard.press("ArrowDown");
  const below = ids.indexOf(await focused(page) as string);
  assert.ok(below > 3, `below the third photo is the ${below}th`);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(page), ids[2]);
  await page.keyboard.press("Home");
  assert.equal(await focused(page), ids[0]);
  await page.keyboard.press("End");
  assert.equal(await focused(page), ids.at(-1));
  await until("more photos are shown", async () => (await shownIds(page)).length > 60, 10);
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(page), `photo-${(await shownIds(page))[60]}`);
  const tabbable = await page.locator("#found a.open[tabindex='0']").count();
  assert.equal(tabbable, 1, "one photo takes part in the order of Tab");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "q");
  assert.deepEqual(complaints, []);
}

const ROWS = `(() => {
  const rows = new Map();
  for (const item of document.querySelectorAll("#found > li[id^=photo-]")) {
    const box = item.getBoundingClientRect();
    const top = [...rows.keys()].find((top) => Math.abs(top - box.top) < 4) ?? box.top;
    rows.set(top, [...rows.get(top) ?? [], item]);
  }
  const end = document.getElementById("found").getBoundingClientRect().right;
  return [...rows.values()].map((items) => {
    const boxes = items.map((item) => item.getBoundingClientRect());
    const heights = boxes.map((box) => box.height);
    const cuts = items.map((item, index) => {
      const image = item.querySelector("img");
      const ratio = image.getAttribute("width") / image.getAttribute("height");
      return Math.abs(boxes[index].width / boxes[index].height / ratio - 1);
    });
    return {
      right: end - boxes.at(-1).right,
      heights: Math.max(...heights) - Math.min(...heights),
      cut: Math.max(...cuts),
    };
  });
})()`;

/** Back from a photo far down, the page is where it was, by the browser's button and by the link. */
export async function cameBack({ url, tab: { page, complaints } }: SearchHouse): Promise<void> {
  for (const way of ["button", "link"]) {
    await page.goto(`${url}/search?taken=2019+to+2021`);
    await until("more photos are shown", async () => {
      await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
      return (await shownIds(page)).length === MANY;
    }, 20);
    const id = (await shownIds(page))[130];
    await page.locator(`#photo-${id} a.open`).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`/photos/${id}`));
    if (way === "button") await page.goBack();
    else await page.locator("#back").click();
    await page.waitForURL(/\/search\?taken/);
    await until(
      `the photo has the focus again, by ${way}`,
      async () => await focused(page) === `photo-${id}`,
      10,
    );
    assert.ok(await page.locator(`#photo-${id}`).isVisible());
  }
  assert.deepEqual(complaints, []);
}

/** Duplicates unfold below their row, and fold away again. */
export async function unfolded(house: SearchHouse): Promise<void> {
  const { url, tab: { page, complaints } } = house;
  await page.goto(`${url}/search?q=red&everything=1`);
  const id = house.id("red 0");
  const badge = page.locator(`#photo-${id} .copies-count`);
  assert.equal(await badge.innerText(), "+3");
  const before = await page.locator(`#photo-${id}`).boundingBox();
  await badge.focus();
  await page.keyboard.press("Enter");
  const fold = page.locator(`#copies-of-${id}`);
  await fold.locator("img").nth(2).waitFor();
  assert.equal(await fold.locator("img").count(), 3);
  assert.equal(await badge.getAttribute("aria-expanded"), "true");
  assert.deepEqual(await page.locator(`#photo-${id}`).boundingBox(), before, "its row moved");
  await fold.locator("a").first().focus();
  await page.keyboard.press("Escape");
  assert.equal(await fold.count(), 0);
  assert.equal(await focused(page), `photo-${id}`);
  await page.keyboard.press("d");
  await fold.waitFor();
  assert.match(await status(page), /photos/);
  assert.deepEqual(complaints, []);
}
