import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import type { Db } from "../db/client.ts";
import { makeSession, openTab, type Tab, until } from "./browser.ts";
import { sampleLibrary } from "./sample.ts";
import { serve } from "./served.ts";

/** The sample library after a run, open in a browser: what the tests of people begin with. */
export interface House {
  url: string;
  db: Db;
  tab: Tab;
}

export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
export const news = (page: Page) => page.locator("#news");
export const rowCount = (page: Page) => page.locator(".rows > li").count();
export const rowId = (page: Page) =>
  page.evaluate("document.activeElement.closest('.rows > li')?.id ?? null") as Promise<
    string | null
  >;

export const told = (page: Page, words: RegExp) =>
  until(`the page says ${words}`, async () => words.test(await news(page).innerText()), 20);

export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

export async function nameOf(db: Db, faceId: number): Promise<string | null> {
  const [row] = await db.execute<{ name: string | null }>(sql`
    select p.name from faces f left join people p on p.id = f.person_id and f.confirmed
    where f.id = ${faceId}`);
  return row.name;
}

/** Ids of the faces of the row that has the focus. */
export const facesOfRow = (page: Page) =>
  page.evaluate(`[...document.activeElement.closest('.rows > li')
    .querySelectorAll('[name="faceId"]')].map((box) => Number(box.value))`) as Promise<number[]>;

/** Serves the sample library and runs a session over it by clicking; `close` takes all away. */
export async function openHouse(): Promise<House & { close(): Promise<void> }> {
  const sample = await sampleLibrary();
  const served = await serve();
  const { url, database: { db } } = served;
  const tab = await openTab();
  await makeSession(tab.page, { url, folder: sample.path, name: "People" });
  await button(tab.page, "Start").click();
  await until(
    "the run completes",
    async () => (await tab.page.locator(".hero").innerText()).includes("Completed"),
    240,
  );
  assert.deepEqual(tab.complaints, []);
  return {
    url,
    db,
    tab,
    async close() {
      await tab.close();
      await served.stop();
      await sample.remove();
    },
  };
}
