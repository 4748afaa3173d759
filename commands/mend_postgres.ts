const VERSION = "3.4.9";

/**
 * What is wrong with the connection of postgres.js 3.4.9, and how it is mended (issues 1066, 1154
 * and 1208 of porsager/postgres; fixed upstream in nothing that is published). When a server goes
 * away, bytes that were still to be written go to a socket that is null: an exception that nobody
 * can catch ends the whole process. And a statement of a transaction whose connection is gone is
 * never answered.
 */
const MENDS: [string, string][] = [
  [
    "    clearImmediate(nextWriteTimer)\n    socket.removeListener('data', data)\n" +
    "    socket.removeListener('connect', connected)\n    idleTimer.cancel()",
    "    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n" +
    "    socket.removeListener('data', data)\n" +
    "    socket.removeListener('connect', connected)\n    idleTimer.cancel()",
  ],
  [
    "    if (stream)\n      return queryError(q, Errors.generic('COPY_IN_PROGRESS'",
    "    if (!socket)\n" +
    "      return queryError(q, Errors.connection('CONNECTION_CLOSED', options))\n\n" +
    "    if (stream)\n      return queryError(q, Errors.generic('COPY_IN_PROGRESS'",
  ],
  [
    "  function nextWrite(fn) {\n    const x = socket.write(chunk, fn)",
    "  function nextWrite(fn) {\n    if (!socket)\n      return chunk = nextWriteTimer = null\n" +
    "    const x = socket.write(chunk, fn)",
  ],
];

/**
 * Mends the installed postgres.js, once; returns one line that says what was done. Throws if the
 * package is another than the one this was written for: then look whether it needs it still.
 */
export async function mendPostgres(): Promise<string> {
  const dir = new URL("../node_modules/postgres/", import.meta.url).pathname;
  const { version } = JSON.parse(await Deno.readTextFile(`${dir}package.json`));
  const path = `${dir}src/connection.js`;
  let text = await Deno.readTextFile(path);
  if (MENDS.every(([, mended]) => text.includes(mended))) return "postgres.js is mended already";
  if (version !== VERSION || !MENDS.every(([broken]) => text.includes(broken))) {
    throw new Error(
      `Cannot mend postgres.js ${version}: this is written for ${VERSION}; see whether a lost ` +
        `connection still ends the process (db/client_test.ts), and mend or remove ` +
        `commands/mend_postgres.ts`,
    );
  }
  for (const [broken, mended] of MENDS) text = text.replace(broken, () => mended);
  // Renamed into place: the file may be a link into the cache that all projects share.
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(partial, text);
  await Deno.rename(partial, path);
  return "postgres.js was mended";
}

if (import.meta.main) {
  try {
    console.log(await mendPostgres());
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
