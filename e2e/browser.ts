import assert from "node:assert/strict";
import axe from "axe-core";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";

// Without these Chromium talks to its maker at every start, and complains where it cannot.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Pictures of every page, for people; git ignores them. */
const SCREENSHOTS = new URL("./screenshots/", import.meta.url).pathname;

export interface Tab {
  page: Page;
  context: BrowserContext;
  /** Console messages and uncaught errors so far. */
  complaints: string[];
  /** Paths of requests so far. */
  requests: string[];
  /** Another tab of the same browser. */
  another(): Promise<Tab>;
  /** Closes the browser with all its tabs. */
  close(): Promise<void>;
}

/** A tab in a Chromium of its own. */
export async function openTab(
  options: { javaScriptEnabled?: boolean; colorScheme?: "light" | "dark" } = {},
): Promise<Tab> {
  const browser = await chromium.launch({ executablePath: await findChromium(), args: FLAGS });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  return await newTab(context);
}

async function newTab(context: BrowserContext): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  return {
    page,
    context,
    complaints,
    requests,
    another: () => newTab(context),
    close: () => context.browser()!.close(),
  };
}

/** Makes a session over one folder by clicking and keeps it for later; returns its page's address. */
export async function makeSession(
  page: Page,
  { url, folder, name }: { url: string; folder: string; name: string },
): Promise<string> {
  await page.goto(`${url}/sessions/new?path=${encodeURIComponent(folder)}`);
  await page.getByRole("checkbox", { name: "This folder itself" }).check();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Keep for later" }).click();
  await page.waitForURL(/\/sessions\/\d+$/);
  return page.url();
}

/** Asserts that axe finds no violation on the page as it is. */
export async function assertAccessible(page: Page): Promise<void> {
  // Evaluated through the debugger, which the page's content policy does not bind.
  if (!await page.evaluate("'axe' in globalThis")) await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any
    const results = await (globalThis as any).axe.run();
    // deno-lint-ignore no-explicit-any
    return results.violations.map((violation: any) =>
      // deno-lint-ignore no-explicit-any
      `${violation.id}: ${violation.nodes.map((node: any) => node.html).join(" | ")}`
    );
  });
  assert.deepEqual(violations, [], page.url());
}

/** Writes a picture of the page, or its first 3000 px, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  // What is further down the page is otherwise loaded only when somebody scrolls there.
  await page.evaluate(`Promise.all([...document.images].map((image) => {
    image.loading = "eager";
    return image.decode().catch(() => {});
  }))`);
  const size: { width: number; height: number } = await page.evaluate(
    "({ width: innerWidth, height: Math.min(3000, document.documentElement.scrollHeight) })",
  );
  const clip = { x: 0, y: 0, ...size };
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true, clip });
}

/** Looks every 50 ms until `done` says so; fails after `seconds` with what was awaited. */
export async function until(
  awaited: string,
  done: () => Promise<boolean> | boolean,
  seconds = 90,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!await done()) {
    if (performance.now() > end) throw new Error(`Waited ${seconds} s in vain: ${awaited}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const PHONE = { width: 390, height: 844 };
/** The narrowest that WCAG 2.2 asks for: 1280 px at four times the size (1.4.10). */
const NARROWEST = { width: 320, height: 600 };

/** Throws if the open page is wider than a narrow screen; takes a picture of it on a phone. */
export async function assertNarrow(page: Page, name: string): Promise<void> {
  const wide = page.viewportSize()!;
  for (const size of [NARROWEST, PHONE]) {
    await page.setViewportSize(size);
    const reaches = await page.evaluate("document.documentElement.scrollWidth");
    assert.equal(reaches, size.width, `${name} does not fit into ${size.width} px`);
  }
  await picture(page, `${name}-phone`);
  await page.setViewportSize(wide);
}
