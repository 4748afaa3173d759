import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { writeHours } from "../db/settings.ts";
import { testDirectory } from "../db/testing.ts";
import {
  assertAccessible,
  assertNarrow,
  makeSession,
  openTab,
  picture,
  type Tab,
  until,
} from "./browser.ts";
import { sampleLibrary } from "./sample.ts";
import { serve, type Served } from "./served.ts";

/** WCAG 2.2 asks for content that fits into 320 px without scrolling sideways (1.4.10). */

Deno.test("every page is sound in the dark, in the light, on a phone and without scripts", async () => {
  const sample = await sampleLibrary();
  const root = await testDirectory();
  const served = await serve();
  const { url } = served;
  const tab = await openTab();
  const plain = await openTab({ javaScriptEnabled: false });

  await look(tab, `${url}/sessions`, "sessions-empty");
  await look(tab, `${url}/photos`, "photos-empty");
  await look(tab, `${url}/people`, "people-empty");
  await look(tab, `${url}/search?q=sunset`, "search-nothing");
  const run = await makeSession(plain.page, {
    url,
    folder: sample.path,
    name: "The whole library",
  });
  await look(tab, run, "session-pending");

  await plain.page.getByRole("button", { name: "Start", exact: true }).click();
  const progress = followed(plain);
  await until("pictures are shown", () => shows(tab.page, run, ".photos img"));
  await look(tab, run, "session-running");
  await look(tab, `${url}/workers`, "workers");
  await look(tab, `${run}/timeline`, "timeline-running");
  await look(tab, `${run}/delete`, "delete");
  await look(tab, `${url}/sessions/new?path=${encodeURIComponent(sample.path)}`, "new-session");
  const failed = await failedRun(served, { tab, root });
  await look(tab, failed, "session-failed");
  await look(tab, `${failed}/accept-missing`, "accept-missing");
  await faultPages(tab, { url, root });
  await look(tab, `${url}/sessions`, "sessions");
  await progress;

  await look(tab, run, "session-completed");
  const figures = await tab.page.locator("a.figure").evaluateAll((links) =>
    links.map((link) => link.getAttribute("href")!)
  );
  assert.ok(figures.length >= 4, `${figures}`);
  for (const path of figures) {
    const [, page, phase, state] = path.match(/(\w+)\?phase=(\w+)(?:&state=(\w+))?/)!;
    // Faces are listed as pictures are, and the failures of one phase as those of all.
    if (page === "items" && phase === "training") await look(tab, url + path, `items-${state}`);
    else assert.equal((await fetch(url + path)).status, 200, path);
  }
  await look(tab, `${run}/failures`, "failures");
  assert.ok(await tab.page.getByLabel("Select all on this page").isVisible());
  await look(tab, `${run}/timeline`, "timeline-completed");
  await look(tab, `${url}/history`, "history");
  await look(tab, `${url}/photos`, "photos");
  await look(tab, `${url}/people`, "people");
  await look(tab, url + await first(tab.page, ".rows .who"), "person");
  await look(tab, url + await first(tab.page, ".faces a"), "photo");
  assert.ok(await tab.page.locator(".boxes rect").count() > 0, "the photo shows no face");
  await look(tab, `${url}/runs/faces?session=${run.split("/").at(-1)}`, "find-faces-again");
  await look(tab, `${url}/runs/clustering`, "group-faces-again");
  await look(tab, `${url}/search?q=sunset`, "search-found");
  assert.ok(await tab.page.locator(".photos img").count() > 0, "no sunset was found");
  await look(tab, await heldRun(served, { tab, sample }), "session-held");
  await look(tab, `${url}/models`, "models");
  await look(tab, `${url}/settings`, "settings");

  assert.deepEqual(plain.complaints, []);
  await tab.close();
  await plain.close();
  await served.stop();
  await Deno.remove(root, { recursive: true });
  await sample.remove();
});

/**
 * A page in the dark, in the light and on a phone; with pictures for people, dark and wide, light and
 * narrow. What it may complain of is `expected`, and nothing else.
 */
async function look(tab: Tab, address: string, name: string, expected: RegExp[] = []) {
  const { page } = tab;
  await page.goto(address);
  await lookAtOpenPage(tab, name, expected);
}

async function lookAtOpenPage({ page, complaints }: Tab, name: string, expected: RegExp[] = []) {
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await assertAccessible(page);
  await picture(page, name);
  await page.emulateMedia({ colorScheme: "light" });
  await assertAccessible(page);
  await assertNarrow(page, name);
  assert.equal(complaints.length, expected.length, `${name}: ${complaints}`);
  expected.forEach((pattern, index) => assert.match(complaints[index], pattern));
  complaints.length = 0;
}

async function shows(page: Page, address: string, selector: string): Promise<boolean> {
  await page.goto(address);
  return await page.locator(selector).count() > 0;
}

async function first(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().getAttribute("href"))!;
}

/** Without scripts the page loads itself again and again, until nothing more will change. */
async function followed({ page, requests }: Tab): Promise<void> {
  const refresh = page.locator("meta[http-equiv=refresh]");
  await until("the run is live", async () => await refresh.count() === 1);
  const path = new URL(page.url()).pathname;
  const loads = () => requests.filter((request) => request === path).length;
  const before = loads();
  const seen = new Set<string>();
  await until("the run completes", async () => {
    const shown = await page.locator(".hero").innerText({ timeout: 5000 }).catch(() => "");
    seen.add(shown.match(/[\d.]+\s%/)?.[0] ?? "");
    return shown.includes("Completed");
  });
  assert.ok(loads() > before, "the page did not load itself again");
  assert.ok(seen.size >= 2, `it did not move: ${[...seen]}`);
  assert.equal(await refresh.count(), 0, "a completed page goes on loading");
}

/** A run over a folder whose pictures have vanished, as on a disk that is not connected. */
async function failedRun(served: Served, { tab, root }: { tab: Tab; root: string }) {
  const folder = join(root, "card");
  await Deno.mkdir(folder);
  await served.database.sql`
    insert into files (path, size, mtime_ms) values (${join(folder, "IMG_0001.jpg")}, 1, 1)`;
  const address = await makeSession(tab.page, { url: served.url, folder, name: "Memory card" });
  await tab.page.getByRole("button", { name: "Start", exact: true }).click();
  await until("the run fails", () => tab.page.locator(".hero.is-failed").isVisible());
  return address;
}

/** A run that waits for the hours of work, which begin in three. */
async function heldRun(
  { url, database }: Served,
  { tab: { page }, sample }: { tab: Tab; sample: { path: string } },
): Promise<string> {
  const clock = (hours: number) =>
    new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  await writeHours(database.db, { from: clock(3), to: clock(4), timeZone: "UTC" }, "somebody");
  const address = await makeSession(page, { url, folder: sample.path, name: "By night" });
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await until("the run waits", () => page.locator(".hero.is-held").isVisible());
  return address;
}

async function faultPages(tab: Tab, { url, root }: { url: string; root: string }): Promise<void> {
  const answered = (
    status: number,
  ) => [new RegExp(`^error: Failed to load .* status of ${status}`)];
  await look(tab, `${url}/nothing/here`, "not-found", answered(404));
  const gone = join(root, "gone");
  await look(
    tab,
    `${url}/sessions/new?path=${encodeURIComponent(gone)}`,
    "new-session-missing-folder",
    answered(400),
  );
  await Deno.mkdir(gone);
  await makeSession(tab.page, { url, folder: gone, name: "Gone" });
  await Deno.remove(gone);
  await tab.page.getByRole("button", { name: "Start", exact: true }).click();
  await tab.page.getByRole("heading", { name: "That cannot be used" }).waitFor();
  await lookAtOpenPage(tab, "missing-folder", answered(400));
}
