import { showModel } from "../db/people_testing.ts";
import type { Db } from "../db/client.ts";
import { testApp } from "../routes/testing.ts";
import { openTab, type Tab } from "./browser.ts";

/** Pages about people in a browser, over the rows that a test writes; pictures are drawn. */
export interface Shown {
  url: string;
  db: Db;
  tab: Tab;
}

/** Opens them: seconds, since nothing is looked for in pictures; `close` takes all away. */
export async function openShown(): Promise<Shown & { close(): Promise<void> }> {
  const test = await testApp();
  await showModel(test.db);
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  const server = Deno.serve(options, (request) => test.app.fetch(request));
  const tab = await openTab();
  await tab.context.route(/\/(crop|preview)$/, (route) =>
    route.fulfill({
      contentType: "image/svg+xml",
      body: drawing(Number(route.request().url().match(/\/(\d+)\/\w+$/)![1])),
    }));
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    db: test.db,
    tab,
    async close() {
      await tab.close();
      await server.shutdown();
      await test.close();
    },
  };
}

/** A face of one of many colours, the same for the same id. */
const drawing = (id: number) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">
    <rect width="96" height="96" fill="hsl(${id * 47 % 360} 30% 45%)"/>
    <circle cx="48" cy="40" r="18" fill="#eec39a"/>
    <path d="M12 96a36 34 0 0 1 72 0" fill="hsl(${id * 89 % 360} 40% 30%)"/>
  </svg>`;
