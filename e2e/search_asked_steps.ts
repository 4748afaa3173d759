import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "./browser.ts";
import { givenPicture, MANY, type SearchHouse } from "./search_house.ts";

export const box = (page: Page) => page.getByRole("searchbox", { name: "Show me" });
export const status = (page: Page) => page.locator("#found-words").innerText();
export const shownIds = (page: Page) =>
  page.locator("#found > li[id^=photo-]").evaluateAll((items) =>
    items.map((item) => Number(item.id.slice("photo-".length)))
  );
export const altOf = (page: Page, nth: number) =>
  page.locator("#found > li img").nth(nth).getAttribute("alt");

/** Words find what they describe; nonsense finds nothing until somebody wants the rest. */
export async function byWords({ url, tab: { page, complaints } }: SearchHouse): Promise<void> {
  await page.goto(`${url}/search`);
  assert.match(await status(page), new RegExp(`^${MANY} photos, the newest first`));
  await page.keyboard.press("/");
  await page.keyboard.type("purple");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\?q=purple$/);
  assert.match(await status(page), /the most similar first|most similar photos/);
  assert.equal(await altOf(page, 0), "purple 4.png");
  for (const nth of [1, 5]) assert.match((await altOf(page, nth))!, /purple/);
  await box(page).fill("asdfgh");
  await box(page).press("Enter");
  await page.waitForURL(/\?q=asdfgh$/);
  assert.equal(await page.locator("#found").count(), 0);
  assert.equal(await box(page).inputValue(), "asdfgh");

  await box(page).fill("red + blue - yellow");
  await box(page).press("Enter");
  await page.waitForURL(/q=red/);
  await page.locator("#show-rest").click();
  await page.waitForURL(/everything=1/);
  assert.match(await status(page), new RegExp(`of ${MANY}`));
  assert.match((await altOf(page, 0))!, /red|blue/);
  assert.deepEqual(complaints, []);
}

/** A time in words, said back; chips that take parts out; counts that put them in. */
export async function narrowedDown({ url, tab: { page, complaints } }: SearchHouse): Promise<void> {
  await page.goto(`${url}/search`);
  await page.locator("#filters summary").click();
  await page.getByLabel("Taken", { exact: true }).fill("summer 2019");
  await page.getByLabel("Taken", { exact: true }).press("Enter");
  await page.waitForURL(/taken=summer/);
  assert.equal(await status(page), `${MANY / 3} photos, the newest first`);
  assert.match(await page.locator(".chips").innerText(), /1 June 2019 to 31 August 2019/);

  await page.locator(".menu summary", { hasText: "Cameras" }).click();
  await page.locator(".menu[open] a", { hasText: "Leica M6" }).click();
  await page.waitForURL(/camera=Leica/);
  assert.equal(await status(page), `${MANY / 6} photos, the newest first`);
  await page.getByRole("link", { name: /^Remove: taken/ }).click();
  await page.waitForURL((address) => !address.search.includes("taken"));
  assert.equal(await status(page), `${MANY / 2} photos, the newest first`);
  await box(page).fill("green");
  await box(page).press("Enter");
  await page.waitForURL(/q=green/);
  assert.match(page.url(), /camera=Leica/, "words keep the filters");

  await page.locator("#filters summary").click();
  await page.getByLabel("Taken", { exact: true }).fill("sumer of love");
  const refused = page.waitForResponse((response) => response.status() === 400);
  await page.getByRole("button", { name: "Show these" }).click();
  await refused;
  await page.locator("#by-taken-told", { hasText: "sumer of love" }).waitFor();
  assert.equal(await page.getByLabel("Taken", { exact: true }).inputValue(), "sumer of love");
  assert.equal(await box(page).inputValue(), "green");
  forgive(complaints, /status of 400/);
}

/** A refused request is told to the console by the browser itself. */
export function forgive(complaints: string[], pattern: RegExp): void {
  assert.deepEqual(complaints.filter((text) => !pattern.test(text)), []);
  complaints.length = 0;
}

/** A picture that is chosen, pasted or dropped; words beside it; one that is none, or too large. */
export async function withPictures({ url, tab: { page, complaints } }: SearchHouse): Promise<void> {
  await page.goto(`${url}/search`);
  const file = page.locator("input[type=file]");
  await file.setInputFiles(await givenPicture("green"));
  await page.waitForURL(/picture=/);
  await until("the picture is shown", () => page.locator("canvas[data-given]").isVisible(), 10);
  assert.equal(await altOf(page, 0), "green 2.png");
  await page.reload();
  await until("it is shown again", () => page.locator("canvas[data-given]").isVisible(), 10);
  await box(page).fill("yellow");
  await box(page).press("Enter");
  await page.waitForURL(/q=yellow.*picture=/);
  await page.getByRole("link", { name: "Remove: the picture" }).click();
  await page.waitForURL((address) => !address.search.includes("picture"));
  assert.equal(await altOf(page, 0), "yellow 3.png");

  for (const kind of ["paste", "drop"]) {
    await page.goto(`${url}/search`);
    const { buffer } = await givenPicture("purple");
    await page.evaluate(GIVE, [kind, buffer.toString("base64")]);
    await page.waitForURL(/picture=/);
    assert.equal(await altOf(page, 0), "purple 4.png", kind);
  }
  forgive(complaints, /^$/);

  const text = {
    name: "notes <b>.txt",
    mimeType: "text/plain",
    buffer: (await givenPicture("red")).buffer.subarray(0, 30),
  };
  await box(page).fill("kept");
  await file.setInputFiles(text);
  await page.locator("#q-fault", { hasText: "notes <b>.txt" }).waitFor();
  assert.equal(await box(page).inputValue(), "kept");
  await page.locator("#search").evaluate((form) => form.setAttribute("data-most-bytes", "10"));
  await file.setInputFiles(await givenPicture("green"));
  await page.locator("#q-fault", { hasText: "larger than" }).waitFor();
  assert.equal(await box(page).inputValue(), "kept");
  forgive(complaints, /status of 4\d\d/);
}

// As the browser does it: a file in the clipboard, a file let go of over the page.
// deno-lint-ignore no-explicit-any
const GIVE = ([kind, base64]: any) => {
  // deno-lint-ignore no-explicit-any
  const page = globalThis as any;
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const carried = new page.DataTransfer();
  carried.items.add(new File([bytes], "given.png", { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  page.document.body.dispatchEvent(
    kind === "paste"
      ? new page.ClipboardEvent("paste", { ...options, clipboardData: carried })
      : new page.DragEvent("drop", { ...options, dataTransfer: carried }),
  );
};

/** More like this, from the grid and by key; the photo is shown in the box. */
export async function moreLikeThis(house: SearchHouse): Promise<void> {
  const { url, tab: { page, complaints } } = house;
  await page.goto(`${url}/search?q=blue`);
  const [first] = await shownIds(page);
  await page.locator("#found > li a.open").first().focus();
  await page.keyboard.press("m");
  await page.waitForURL(new RegExp(`like=${first}`));
  assert.match((await altOf(page, 0))!, /blue/);
  assert.ok(await page.getByAltText("Like this photo").isVisible());
  assert.ok(!(await shownIds(page)).includes(first), "it is like itself");
  await page.goto(`${url}/photos/${house.id("green 2")}`);
  await page.locator("a[href^='/search?like=']").first().click();
  await page.waitForURL(new RegExp(`like=${house.id("green 2")}`));
  assert.match((await altOf(page, 0))!, /green/);
  assert.deepEqual(complaints, []);
}
