import { testDatabase } from "../testing.ts";
import { testLibraryIndex } from "./library_index_suite.ts";
import { openLibraryIndex } from "./open.ts";
import { pgliteDatabase, serverDatabase } from "./pgvector_testing.ts";

Deno.test("an index in a thread, on PostgreSQL", async (t) => {
  const database = await testDatabase();
  const open = (settings: Settings) =>
    openLibraryIndex({ ...settings, dataDir: null, vectors: "hnswlib" });
  await testLibraryIndex(t, { database, concurrent: true, open });
  await database.drop();
});

Deno.test("an index in the database, on PGlite with pgvector", async (t) => {
  const database = await pgliteDatabase();
  await testLibraryIndex(t, { database, concurrent: false, open: openInDatabase });
  await database.drop();
});

// For a server that has pgvector; none comes with this program's packages.
const server = Deno.env.get("SAFELIGHT_TEST_PGVECTOR_URL");
Deno.test({
  name: "an index in the database, on a server with pgvector",
  ignore: !server,
  async fn(t) {
    const database = await serverDatabase(server!);
    await testLibraryIndex(t, { database, concurrent: true, open: openInDatabase });
    await database.drop();
  },
});

type Settings = { url: string; model: string; dimension: number; exactLimit?: number };

const openInDatabase = (settings: Settings) =>
  openLibraryIndex({ ...settings, dataDir: null, vectors: "pgvector" });
