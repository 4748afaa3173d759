import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { pauseSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { percent } from "../views/format.ts";
import { makeSession, openTab, type Tab, until } from "./browser.ts";
import { sampleLibrary } from "./sample.ts";
import { strangers } from "./seed.ts";
import { serve, type Served } from "./served.ts";
import { type CuttingProxy, startCuttingProxy } from "./soak/proxy.ts";

const POLL_MS = 2000;

Deno.test("a page left open survives what happens to its server, its tab and its session", async () => {
  const sample = await sampleLibrary();
  const way = wayToDatabase();
  const served = await serve({ via: way.open });
  // Grouping these takes seconds on any machine: the run is not over before it is paused.
  const engine = await openEngine({ modelsDir: null, roles: ["text"] });
  await engine.close();
  const { dimension, key: model } = engine.models.faces;
  await strangers(served.database.db, { count: 30_000, dimension, model });
  const tab = await openTab();

  const url = await makeSession(tab.page, {
    url: served.url,
    folder: sample.path,
    name: "Left open",
  });
  const id = Number(url.split("/").at(-1));

  await startedTwice(served, tab, await opened(tab, url));
  await Promise.all([
    focusStays(tab),
    errorsAnswered(await opened(tab, url)),
    hidden(await opened(tab, url)),
  ]);
  await databaseAway(way, await opened(tab, url));
  await serverKilled(served, { tab: await opened(tab, url), id });
  await deletedElsewhere(await opened(tab, url), await opened(tab, url));

  await tab.close();
  await served.stop();
  await way.close();
  await sample.remove();
});

/** The server's way to its database, which can be closed: nobody listens there then. */
function wayToDatabase() {
  let proxy: CuttingProxy | null = null;
  let [hostname, port] = ["", 0];
  const listen = (at?: number) => {
    proxy = startCuttingProxy({ hostname, port, random: Math.random, cuts: 0, listen: at });
    return proxy.port;
  };
  return {
    open(databaseUrl: string): string {
      const url = new URL(databaseUrl);
      [hostname, port] = [url.hostname, Number(url.port)];
      url.host = `127.0.0.1:${listen()}`;
      return url.href;
    },
    async interrupt(meanwhile: () => Promise<void>): Promise<void> {
      const at = proxy!.port;
      await proxy![Symbol.asyncDispose]();
      await meanwhile();
      listen(at);
    },
    close: async () => await proxy?.[Symbol.asyncDispose](),
  };
}

async function opened(tab: Tab, url: string): Promise<Tab> {
  const other = await tab.another();
  await other.page.goto(url);
  return other;
}

const polls = (tab: Tab) => tab.requests.filter((path) => path.endsWith("/progress")).length;
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const isStale = (page: Page) => page.locator(".session.stale").isVisible();
const section = (page: Page) => page.locator(".session").innerHTML();
const status = (page: Page) => page.locator(".hero .status").innerText();

/** Two quick clicks in one tab and one in another: no error page, and one run. */
async function startedTwice(served: Served, tab: Tab, other: Tab): Promise<void> {
  const answers: number[] = [];
  for (const { page } of [tab, other]) {
    page.on("response", (response) => {
      if (response.url().endsWith("/start")) answers.push(response.status());
    });
  }
  await Promise.all([
    button(tab.page, "Start").dblclick(),
    button(other.page, "Start").click(),
  ]);
  for (const { page, complaints } of [tab, other]) {
    await until("both tabs show the run", async () => await button(page, "Pause").isVisible());
    assert.deepEqual(complaints, []);
  }
  assert.ok(answers.length >= 2, "both tabs asked");
  assert.deepEqual(answers.filter((answer) => answer !== 303), []);
  const [row] = await served.database.sql`
    select (select count(*)::int from sessions) as sessions, round,
      (select count(*)::int from jobs where phase = 'discovery') as walks from sessions`;
  assert.deepEqual({ ...row }, { sessions: 1, round: 1, walks: 1 });
  await other.page.close();
}

/** The button a keyboard user is on stays under their fingers while the page changes around it. */
async function focusStays(tab: Tab): Promise<void> {
  const { page } = tab;
  const focused = page.locator("button:focus");
  await button(page, "Pause").focus();
  const before = polls(tab);
  const shown = await section(page);
  // A busy machine may load its models for longer than that, and the page shows just this.
  await until("three polls, and a change around the button", async () => {
    assert.equal(await focused.innerText(), "Pause");
    return polls(tab) >= before + 4 && await section(page) !== shown;
  });
  await page.keyboard.press("Enter");
  await until("the run is paused", async () => await status(page) === "Paused");
  assert.deepEqual(tab.complaints, []);
}

/** A server that answers 500: the page keeps what it has, says that it is old, asks less often. */
async function errorsAnswered(tab: Tab): Promise<void> {
  const { page } = tab;
  await until("a first poll", () => polls(tab) > 0);
  await page.route("**/progress", (route) => route.fulfill({ status: 500, body: "<b>Oh</b>" }));
  await until("the page says that it is old", () => isStale(page));
  assert.ok(await page.getByText("No answer from Safelight").isVisible());
  const first = polls(tab);
  const kept = await section(page);
  await rest(3.5 * POLL_MS);
  const asked = polls(tab) - first;
  // Without backing off it would be three; jitter leaves one, or two at the very most.
  assert.ok(asked <= 2, `asked ${asked} times`);
  assert.equal(await section(page), kept);
  await page.unroute("**/progress");
  await until("the page recovers alone", async () => !await isStale(page), 20);
  assert.notEqual(await section(page), kept);
  assertOnly(tab.complaints, /^error: Failed to load resource: .* status of 500/);
  await page.close();
}

/** Headless tabs are never hidden, so the page is told that it is. */
async function hidden(tab: Tab): Promise<void> {
  const { page } = tab;
  const setHidden = (hidden: boolean) =>
    page.evaluate(`
      Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));`);
  await until("a first poll", () => polls(tab) > 0);
  await setHidden(true);
  await rest(200); // one that was under way
  const before = polls(tab);
  await rest(5000);
  assert.equal(polls(tab), before, "a hidden tab asked");
  await setHidden(false);
  await until("it asks at once", () => polls(tab) > before, 0.5);
  assert.deepEqual(tab.complaints, []);
  await page.close();
}

/** A database that is away: an open page says so and keeps what it has, a new one says why. */
async function databaseAway(
  way: ReturnType<typeof wayToDatabase>,
  tab: Tab,
): Promise<void> {
  const { page } = tab;
  const address = page.url();
  await until("a first poll", () => polls(tab) > 0);
  const loads = tab.requests.filter((path) => address.endsWith(path)).length;
  await way.interrupt(async () => {
    await until("the page says that it is old", () => isStale(page), 20);
    assert.ok(await page.getByText("No answer from Safelight").isVisible());
    assert.ok(await page.locator(".percent").isVisible());
    const other = await tab.another();
    const response = await other.page.goto(address);
    assert.equal(response?.status(), 503);
    assert.ok(await other.page.getByText("The database does not answer").isVisible());
    await other.page.close();
  });
  await until("the page recovers alone", async () => !await isStale(page), 20);
  assert.equal(tab.requests.filter((path) => address.endsWith(path)).length, loads);
  assertOnly(tab.complaints, /^error: Failed to load resource: .* status of 503/);
  await page.close();
}

/** kill -9 of the server: what happened meanwhile is on the page without a reload. */
async function serverKilled(served: Served, { tab, id }: { tab: Tab; id: number }): Promise<void> {
  const { page } = tab;
  await button(page, "Resume").click();
  await until("the run goes on", async () => await status(page) === "Running");
  const loads = tab.requests.filter((path) => path === `/sessions/${id}`).length;
  await served.killAndRestart(async () => {
    await pauseSession(served.database.db, id);
    await until("the page says that it is old", () => isStale(page));
    assert.equal(await status(page), "Running");
  });
  await until("the page recovers alone", async () => !await isStale(page), 20);
  assert.equal(await status(page), "Paused");
  await until("the page shows the figure of the server", async () => {
    const reply = await fetch(`${served.url}/api/v1/training/sessions/${id}/progress-unified`);
    const { overallProgress } = await reply.json();
    return await page.locator(".percent").innerText() === percent(overallProgress.percentage);
  }, 5);
  assert.equal(tab.requests.filter((path) => path === `/sessions/${id}`).length, loads);
  assertOnly(tab.complaints, /^error: Failed to load resource: net::ERR_|Failed to fetch/);
  await page.close();
}

/** A session deleted in one tab: the other says so and asks no more. */
async function deletedElsewhere(tab: Tab, other: Tab): Promise<void> {
  await other.page.getByRole("link", { name: "Delete…" }).click();
  await button(other.page, "Delete the session").click();
  await other.page.waitForURL(/\/sessions$/);
  await until(
    "the open page says so",
    () => tab.page.getByText("This session has been deleted.").isVisible(),
    10,
  );
  const before = polls(tab);
  await rest(2.2 * POLL_MS);
  assert.equal(polls(tab), before, "the page kept asking");
  assert.deepEqual([...tab.complaints, ...other.complaints], []);
}

/** The fault a test makes shows in the console, and nothing else does. */
function assertOnly(complaints: string[], expected: RegExp): void {
  assert.ok(complaints.length > 0);
  assert.deepEqual(complaints.filter((complaint) => !expected.test(complaint)), []);
}
