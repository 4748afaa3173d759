import assert from "node:assert/strict";
import { IndexNews } from "../views/search_index.tsx";
import { until } from "./browser.ts";
import { box } from "./search_asked_steps.ts";
import { givenPicture, type SearchHouse } from "./search_house.ts";

/** After a picture and Back, words are words alone, whether the browser kept the page or its fields. */
export async function backFromPicture(house: SearchHouse): Promise<void> {
  const { url, tab: { page, complaints } } = house;
  await page.goto(`${url}/search?taken=2019`);
  const file = page.locator("input[type=file]");
  await file.setInputFiles(await givenPicture("green"));
  await page.waitForURL(/picture=/);
  await page.goBack();
  await page.waitForURL(/\/search\?taken=2019$/);
  await box(page).fill("yellow");
  await box(page).press("Enter");
  await page.waitForURL(/q=yellow/);
  assert.doesNotMatch(page.url(), /picture=/, "the picture was sent again");

  // Browsers that are steered keep no pages: this is how one that does gives it back.
  await page.goto(`${url}/search?like=${house.id("red 0")}`);
  const { buffer } = await givenPicture("purple");
  assert.deepEqual(await page.evaluate(GIVEN_BACK, buffer.toString("base64")), [0, false]);
  assert.deepEqual(complaints, []);
}

// deno-lint-ignore no-explicit-any
const GIVEN_BACK = (base64: any) => {
  // deno-lint-ignore no-explicit-any
  const page = globalThis as any;
  const form = page.document.getElementById("search");
  const carried = new page.DataTransfer();
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  carried.items.add(new File([bytes], "given.png", { type: "image/png" }));
  form.elements.file.files = carried.files;
  form.elements.like.disabled = true;
  page.dispatchEvent(new page.PageTransitionEvent("pageshow", { persisted: true }));
  return [form.elements.file.files.length, form.elements.like.disabled];
};

/** A page that was opened while the index was made asks until it is there, and then no more. */
export async function askingEnds({ url, tab }: SearchHouse): Promise<void> {
  const { page, requests, complaints } = tab;
  const building = { state: "building" as const, done: 1, total: 2 };
  const news = String(IndexNews({ index: building }));
  const address = `${url}/search?taken=2021`;
  await page.route(address, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/<div id="index-news"><\/div>/, news);
    await route.fulfill({ response, body });
  });
  requests.length = 0;
  await page.goto(address);
  assert.match(await page.locator("#index-news").innerText(), /is being made: 1 of 2/);
  await until(
    "the news are gone",
    async () => (await page.locator("#index-news p").count()) === 0,
    8,
  );
  // Twice as long as it waits between two questions.
  await page.waitForTimeout(4500);
  const asked = requests.filter((path) => path === "/search/index").length;
  assert.equal(asked, 1, "it goes on asking");
  await page.unroute(address);
  assert.deepEqual(complaints, []);
}
