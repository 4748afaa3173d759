import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Source, withSource } from "../models/pull_testing.ts";
import { behaving, renamed } from "../routes/pulls_testing.ts";
import { addPhoto, testApp } from "../routes/testing.ts";
import { assertAccessible, openTab, picture, type Tab, until } from "./browser.ts";

const card = (page: Page, name: string) => page.locator(`#pack-${name}`);
const status = (page: Page, name: string) => card(page, name).locator("[role=status]").innerText();
const press = (page: Page, name: string, title: string) =>
  card(page, name).getByRole("button", { name: title, exact: true }).click();
const polls = ({ requests }: Tab) => requests.filter((path) => path.endsWith("/card")).length;

type Controls = ReturnType<typeof behaving> & { source: Source };

Deno.test("packs of models are downloaded, stopped, resumed and used in a browser", () =>
  withSource(async (source) => {
    const packs = [
      renamed(source.manifest, "tiny"),
      renamed(source.manifest, "guarded", { nonCommercial: true }),
      renamed(source.manifest, "spare"),
    ];
    const controls = { ...behaving(source), source };
    const test = await testApp({}, { packs });
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, test.app.fetch);
    const address = `http://127.0.0.1:${server.addr.port}/models`;
    const tab = await openTab();
    const plain = await openTab({ javaScriptEnabled: false });
    try {
      await tab.page.goto(address);
      await consentIsAsked(tab, source);
      await barMoves(tab, controls);
      await pollingEnds(tab);
      await twoTabsOneDownload(tab, controls);
      await failureAndResume(tab, controls);
      await withoutScripts(plain, { tab, address, controls });
      await addPhoto(test.db, test.dataDir, { colour: "red", path: "/photos/red.jpg" });
      await used(tab, address);
      assert.deepEqual([...tab.complaints, ...plain.complaints], []);
    } finally {
      // A source that still holds something back could not end.
      controls.goOn();
      await tab.close();
      await plain.close();
      await server.shutdown();
      await test.close();
    }
  }));

/** The browser itself holds the form back until the box is ticked. */
async function consentIsAsked({ page, requests }: Tab, source: Source): Promise<void> {
  await press(page, "guarded", "Download");
  assert.equal(await page.locator("input:invalid").count(), 1);
  assert.ok(!requests.includes("/models/guarded/pull"));
  assert.deepEqual(source.requests, []);
  await page.getByLabel(/I have read the licence Tiny Licence and use this pack/).check();
}

/** Graph by graph comes in; the bar follows without a reload, and a ticked box elsewhere stays. */
async function barMoves({ page, requests }: Tab, { behave, goOn }: Controls): Promise<void> {
  behave("halting");
  await press(page, "tiny", "Download");
  const tick = page.getByLabel(/I have read the licence/);
  await tick.check();
  const loads = requests.filter((path) => path === "/models").length;
  const shown = async () =>
    Number(await card(page, "tiny").locator("progress").getAttribute("value"));
  let last = 0;
  for (let graph = 1; graph <= 4; graph++) {
    const before = last;
    await until(`the bar moves beyond ${before}`, async () => (last = await shown()) > before);
    assert.equal(await status(page, "tiny"), "Downloading");
    if (graph === 2) await inAllLights(page, "models-downloading");
    goOn();
    if (graph < 4) behave("halting");
  }
  await until("the pack is installed", async () => await status(page, "tiny") === "Installed");
  assert.ok(await tick.isChecked(), "the other card was left alone");
  assert.equal(requests.filter((path) => path === "/models").length, loads, "no reload");
}

async function pollingEnds(tab: Tab): Promise<void> {
  const before = polls(tab);
  assert.ok(before >= 4, `asked ${before} times`);
  // Three times as long as it asked at before.
  await new Promise((resolve) => setTimeout(resolve, 3200));
  assert.equal(polls(tab), before);
  assert.equal(await tab.page.locator("[hx-get]").count(), 0);
}

async function twoTabsOneDownload(tab: Tab, { behave, goOn, source }: Controls): Promise<void> {
  const other = await tab.another();
  await other.page.goto(tab.page.url());
  source.requests.length = 0;
  behave("halting");
  for (const { page } of [tab, other]) await page.getByLabel(/I have read the licence/).check();
  await Promise.all(
    [tab, other].map(({ page }) =>
      card(page, "guarded").getByRole("button", { name: "Download" }).dblclick()
    ),
  );
  goOn();
  for (const { page } of [tab, other]) {
    await until(
      "both tabs see it",
      async () => await status(page, "guarded").catch(() => "") === "Installed",
    );
  }
  assert.equal(source.requests.length, 5, `files were fetched twice: ${source.requests}`);
  await other.page.close();
}

async function failureAndResume({ page }: Tab, { behave, source }: Controls): Promise<void> {
  behave("breaking");
  await press(page, "spare", "Download");
  await until("the failure is shown", async () => await status(page, "spare") === "Failed");
  await card(page, "spare").getByText("ended the transfer after").waitFor();
  await inAllLights(page, "models-failed");
  behave("wrong");
  source.requests.length = 0;
  await press(page, "spare", "Resume");
  await card(page, "spare").getByText("is not the file that was meant").waitFor();
  assert.match(source.requests[0], / bytes=\d+-$/, "it began again from nothing");
  behave("well");
  await press(page, "guarded", "Check the files");
  await card(page, "guarded").getByText("All files are what they should be").waitFor();
}

/** The page loads itself again while something moves; buttons are forms. */
async function withoutScripts(
  { page }: Tab,
  { tab, address, controls }: { tab: Tab; address: string; controls: Controls },
): Promise<void> {
  const { behave, goOn } = controls;
  const refresh = page.locator("meta[http-equiv=refresh]");
  await page.goto(address);
  assert.equal(await refresh.count(), 0);
  behave("halting");
  await press(page, "spare", "Resume");
  assert.equal(await status(page, "spare"), "Downloading");
  assert.equal(await refresh.count(), 1);
  await press(page, "spare", "Stop");
  assert.equal(await status(page, "spare"), "Interrupted");
  assert.equal(await refresh.count(), 0);
  await tab.page.goto(address);
  assert.equal(await status(tab.page, "spare"), "Interrupted", "another visitor sees the same");
  await inAllLights(tab.page, "models-interrupted");
  goOn();
  await press(page, "spare", "Resume");
  await until(
    "the page shows by itself that it is installed",
    async () => await status(page, "spare").catch(() => "") === "Installed",
  );
}

async function used({ page }: Tab, address: string): Promise<void> {
  await page.goto(address);
  await press(page, "tiny", "Use it");
  await page.waitForURL(/\/sessions\/\d+$/);
  const run = page.url();
  assert.match(await page.locator("h1").innerText(), /tiny/);
  await page.goto(address);
  assert.equal(await status(page, "tiny"), "In use");
  await page.getByText("Search and people still go by the former models").waitFor();
  await inAllLights(page, "models-changed");
  await page.getByRole("link", { name: "the run with the new ones" }).click();
  assert.equal(page.url(), run);
}

/** Sound in the dark, in the light and on a phone, with pictures for people. */
async function inAllLights(page: Page, name: string): Promise<void> {
  const wide = page.viewportSize()!;
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await assertAccessible(page);
    if (colorScheme === "dark") await picture(page, name);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await picture(page, `${name}-phone`);
  await page.setViewportSize(wide);
}
