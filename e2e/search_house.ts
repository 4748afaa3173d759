import { Buffer } from "node:buffer";
import type { Db } from "../db/client.ts";
import { addDrawings, COLOURS, draw, drawing } from "../routes/drawn_photos_testing.ts";
import { testApp } from "../routes/testing.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { openEngine } from "../models/engine.ts";
import { openTab, type Tab } from "./browser.ts";

/** A library of drawn photos, open in a browser: what tests of pages that need no run begin with. */
export interface SearchHouse {
  url: string;
  db: Db;
  tab: Tab;
  /** Id of the photo with this name. */
  id(name: string): number;
}

/** More than two pages of them. */
export const MANY = 144;

const SIZES = [[360, 240], [240, 360], [320, 320], [400, 300], [480, 160], [300, 400]];

const drawings = Array.from({ length: MANY }, (_, index) => {
  const drawn = drawing(index);
  const [width, height] = SIZES[index % SIZES.length];
  const year = index % 3 === 0 ? 2019 : 2021;
  return {
    ...drawn,
    ...{ width, height },
    path: `/photos/${year}/${drawn.name}.png`,
    takenAt: `${year}-07-${String(1 + index % 28).padStart(2, "0")}T12:00:00`,
    camera: index % 2 === 0 ? "Leica M6" : "Canon EOS R6",
    rating: index % 6,
  };
});

/** Draws the library, serves it and opens a browser; `close` takes all away. */
export async function openSearchHouse(): Promise<SearchHouse & { close(): Promise<void> }> {
  const test = await testApp();
  const engine = await openEngine({ modelsDir: null, roles: ["images"], threads: 1 });
  const { db, dataDir } = test;
  const sessionId = await createSession(db, {
    name: "All",
    rootPath: "/photos",
    subdirectories: [""],
  });
  const ids = await addDrawings({ db, dataDir, engine }, { sessionId, drawings });
  const copies = [0, 1, 2].map((copy) => ({
    ...drawings[0],
    path: `/photos/backup/red copy ${copy}.png`,
    representativeId: ids[0],
  }));
  await addDrawings({ db, dataDir, engine }, { sessionId, drawings: copies });
  await engine.close();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, test.app.fetch);
  const tab = await openTab();
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    db,
    tab,
    id: (name) => ids[drawings.findIndex((drawn) => drawn.name === name)],
    async close() {
      await tab.close();
      await server.shutdown();
      await test.close();
    },
  };
}

/** A picture of one colour that is not of the library, as a file. */
export async function givenPicture(colour: keyof typeof COLOURS) {
  const drawn = await draw({ path: "given", colours: [COLOURS[colour], COLOURS[colour]] });
  return { name: "given.png", mimeType: "image/png", buffer: Buffer.from(drawn) };
}
