import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { testDirectory } from "../db/testing.ts";
import { openEngine } from "../models/engine.ts";
import { assertAccessible, openTab, picture, until } from "./browser.ts";
import { sampleLibrary } from "./sample.ts";
import { knownFiles, strangers } from "./seed.ts";
import { serve } from "./served.ts";

interface Shown {
  percent: number | null;
  headline: string;
  phases: string[];
}

// One look, so that headline and figure belong together. As text: the document is the page's.
const LOOK = `(() => {
  const text = (selector) => document.querySelector(selector)?.textContent.trim() ?? "";
  const figure = parseFloat(text(".percent"));
  return {
    percent: Number.isNaN(figure) ? null : figure,
    headline: text(".headline"),
    phases: [...document.querySelectorAll(".phases > li")].map((row) => row.textContent),
  };
})()`;

/** What the page shows a person right now. */
const look = (page: Page): Promise<Shown> => page.evaluate(LOOK);

Deno.test("a session, made and run by clicking, shows one true progress", async () => {
  const sample = await sampleLibrary();
  const root = await testDirectory();
  // The sample in a folder beside many known files and faces: walk and grouping take some seconds
  // on a quiet machine (6,000 faces took one, and nobody saw it move).
  await Deno.mkdir(join(root, "library"));
  await Deno.symlink(sample.path, join(root, "library", "sample"));
  const served = await serve();
  const engine = await openEngine({ modelsDir: null, roles: ["text"] });
  await engine.close();
  const folder = join(root, "library", "known");
  await knownFiles(served.database.db, { folder, count: 60_000, models: engine.models });
  await strangers(served.database.db, {
    count: 20_000,
    dimension: engine.models.faces.dimension,
    model: engine.models.faces.key,
  });
  const tab = await openTab();
  const { page } = tab;

  await page.goto(served.url);
  await page.getByRole("link", { name: "New session" }).first().click();
  await page.getByLabel("Path").fill(root);
  await page.getByRole("button", { name: "Go" }).click();
  await page.getByRole("checkbox", { name: /library/ }).check();
  await page.getByLabel("Name").fill("Everything");
  await assertAccessible(page);
  await picture(page, "new-session");
  await page.getByRole("button", { name: /create|start/i }).first().click();
  await page.waitForURL(/\/sessions\/\d+$/);
  const start = page.getByRole("button", { name: "Start", exact: true });
  if (await start.isVisible()) await start.click();

  const seen: Shown[] = [];
  await until("the session completes", async () => {
    const shown = await look(page);
    const last = seen.at(-1);
    if (JSON.stringify(shown) !== JSON.stringify(last)) seen.push(shown);
    if (shown.percent !== null && shown.percent > 45 && (last?.percent ?? 0) <= 45) {
      await picture(page, "session-running");
      await assertAccessible(page);
    }
    return shown.headline.startsWith("Completed");
  }, 240);

  let highest = -1;
  for (const { percent, headline } of seen) {
    if (percent === null) {
      assert.equal(highest, -1, "a percentage was shown and then taken back");
      continue;
    }
    assert.ok(percent >= highest, `${highest} % was followed by ${percent} %`);
    assert.equal(percent === 100, headline.startsWith("Completed"), headline);
    highest = percent;
  }
  assert.equal(highest, 100);
  for (const index of [0, 1, 2, 3]) {
    const figures = new Set(seen.map((shown) => shown.phases[index].replaceAll(/\D+/g, " ")));
    assert.ok(figures.size >= 3, `phase ${index + 1} was not seen moving: ${[...figures]}`);
  }

  const before = tab.requests.filter((path) => path.endsWith("/progress")).length;
  assert.ok(before > 3);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const after = tab.requests.filter((path) => path.endsWith("/progress")).length;
  assert.equal(after, before, "the page kept asking after the end");
  await assertAccessible(page);
  await picture(page, "session-completed");
  assert.deepEqual(tab.complaints, []);

  await tab.close();
  await served.stop();
  await Deno.remove(root, { recursive: true });
  await sample.remove();
});
