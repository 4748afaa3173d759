import assert from "node:assert/strict";
import { assertAccessible, assertNarrow, openTab, picture } from "./browser.ts";
import { altOf, box, forgive, shownIds, status } from "./search_asked_steps.ts";
import { givenPicture, MANY, type SearchHouse } from "./search_house.ts";

/** WCAG 2.2 asks for content that fits into 320 px without scrolling sideways (1.4.10). */
const NARROWEST = { width: 320, height: 700 };

/** Dark, light, on a phone, at the narrowest: nothing for axe to say, nothing beside the screen. */
export async function everyStateIsSound(house: SearchHouse): Promise<void> {
  const { url, tab: { page, complaints } } = house;
  for (
    const [query, name] of [
      ["", "search"],
      ["?q=red&taken=2019&camera=Leica+M6&rating=0&everything=1", "search-narrowed"],
      [`?like=${house.id("blue 1")}&q=dark`, "search-like"],
    ]
  ) {
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await page.goto(`${url}/search${query}`);
    await assertAccessible(page);
    await picture(page, name);
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("#filters summary").click();
    await assertAccessible(page);
    await assertNarrow(page, name);
  }
  assert.deepEqual(complaints, []);
}

/** What cannot be searched for is told where it was asked, and what was asked is kept. */
export async function faultsAreTold(
  { url, tab: { page, complaints } }: SearchHouse,
): Promise<void> {
  const wide = page.viewportSize()!;
  const html = encodeURIComponent(`שלום 🐕 <img src=x onerror="alert(1)"> '; drop table photos`);
  for (
    const [query, told] of [
      ["?q=asdfgh", /none of these words/],
      [`?q=${html}`, /none of these words/],
      ["?q=red&cursor=bm9uc2Vuc2U", /another search.*Start over/],
      [`?q=${"a".repeat(10_000)}`, /10000 characters/],
      ["?q=red&like=999999", /999999.*Search without it/],
      ["?q=red&taken=the+other+day", /the other day/],
    ] as const
  ) {
    await page.goto(`${url}/search${query}`);
    assert.match(await page.locator("main").innerText(), told);
    const words = new URLSearchParams(query).get("q");
    assert.equal(await box(page).inputValue(), words);
    await page.setViewportSize(NARROWEST);
    const reaches = await page.evaluate("document.documentElement.scrollWidth");
    assert.equal(reaches, NARROWEST.width, `${query.slice(0, 40)} does not fit`);
    await assertAccessible(page);
    await page.setViewportSize(wide);
  }
  forgive(complaints, /status of 40[04]/);
}

/** The same with a browser that runs no scripts. */
export async function withoutScripts(house: SearchHouse): Promise<void> {
  const { url } = house;
  const plain = await openTab({ javaScriptEnabled: false });
  const { page, complaints } = plain;
  await page.goto(`${url}/search`);
  await box(page).fill("blue");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/\?q=blue$/);
  assert.equal(await altOf(page, 0), "blue 1.png");

  await page.goto(`${url}/search`);
  const first = await shownIds(page);
  await page.getByRole("link", { name: "More photos" }).click();
  await page.waitForURL(/cursor=/);
  const second = await shownIds(page);
  assert.equal(new Set([...first, ...second]).size, 120);
  await page.getByRole("link", { name: "Back to the first photos" }).click();
  // Its end may not be there yet when its beginning is.
  await page.waitForURL((address) => !address.searchParams.has("cursor"));
  assert.deepEqual(await shownIds(page), first);

  await page.locator("#filters summary").click();
  await page.getByLabel("Stars", { exact: true }).selectOption("5");
  await page.getByRole("checkbox", { name: "Leica M6" }).check();
  await page.getByRole("button", { name: "Show these" }).click();
  await page.waitForURL(/camera=Leica.*rating=5/);
  // Stars are those of odd numbers, the camera is that of even ones.
  assert.equal(await page.locator("#found").count(), 0);
  await page.getByRole("link", { name: /^Remove: camera/ }).click();
  await page.waitForURL((address) => !address.searchParams.has("camera"));
  assert.equal(await status(page), `${MANY / 6} photos, the newest first`);
  await page.getByRole("link", { name: "Count what is in these" }).click();
  await page.locator(".menu summary", { hasText: "Years" }).click();
  await page.locator(".menu[open] a", { hasText: "2021" }).click();
  await page.waitForURL(/taken=2021/);

  await page.goto(`${url}/search`);
  await page.locator("input[type=file]").setInputFiles(await givenPicture("red"));
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/picture=/);
  assert.equal(await altOf(page, 0), "red 0.png");
  assert.deepEqual(complaints, []);
  await plain.close();
}
