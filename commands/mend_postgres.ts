const VERSION = "3.4.9";

/**
 * What is wrong with postgres.js 3.4.9, and how it is mended, file by file (issues 1066, 1154 and 1208 of
 * porsager/postgres; fixed upstream in nothing that is published). db/client_test.ts shows each.
 *
 * When a server goes away, bytes that were still to be written go to a socket that is null: an
 * exception that nobody can catch ends the whole process. A statement of a transaction whose
 * connection is gone is never answered. Where a connection was reset, the rollback that followed
 * stays among what was sent: the connection takes its answer for that of what is asked next when it is
 * there again, and is of no use from then on.
 *
 * A transaction that lost its connection has failed, but its function may run on; what it asks
 * then would go to the connection that has come in the place of its own, in the middle of
 * somebody else's transaction.
 */
const MENDS: Record<string, [string, string][]> = {
  "connection.js": [
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
    [
      "    !hadError && (query || sent.length) && error(Errors.connection(" +
      "'CONNECTION_CLOSED', options, socket))\n",
      "    ;(query || sent.length) && error(Errors.connection(" +
      "'CONNECTION_CLOSED', options, socket))\n    query = errorResponse = null\n",
    ],
  ],
  "index.js": [
    [
      "    let savepoints = 0\n      , connection\n      , prepare = null\n",
      "    let savepoints = 0\n      , connection\n      , lost = null\n      , prepare = null\n",
    ],
    [
      "        new Promise((_, reject) => connection.onclose = reject)\n      ])",
      "        new Promise((_, reject) => connection.onclose = e => (lost = e, reject(e)))\n      ])",
    ],
    [
      "        q.catch(e => uncaughtError || (uncaughtError = e))\n        c.queue === full",
      "        q.catch(e => uncaughtError || (uncaughtError = e))\n" +
      "        if (lost)\n          return q.reject(lost)\n        c.queue === full",
    ],
  ],
};

/**
 * Mends the installed postgres.js, once; returns one line that says what was done. Throws if the
 * package is another than the one this was written for: then look whether it needs it still.
 */
export async function mendPostgres(): Promise<string> {
  const dir = new URL("../node_modules/postgres/", import.meta.url).pathname;
  const { version } = JSON.parse(await Deno.readTextFile(`${dir}package.json`));
  let mended = false;
  for (const [name, mends] of Object.entries(MENDS)) {
    const path = `${dir}src/${name}`;
    const text = await Deno.readTextFile(path);
    // What is mended may hold what was broken.
    const left = mends.filter(([, mended]) => !text.includes(mended));
    if (left.length === 0) continue;
    if (version !== VERSION || !left.every(([broken]) => text.includes(broken))) {
      throw new Error(
        `Cannot mend postgres.js ${version}: this is written for ${VERSION}; see whether it can do ` +
          `without (db/client_test.ts), and mend or remove commands/mend_postgres.ts`,
      );
    }
    // Renamed into place: the file may be a link into the cache that all projects share.
    const partial = `${path}.${crypto.randomUUID().slice(0, 8)}`;
    const whole = left.reduce((text, [broken, mended]) => text.replace(broken, () => mended), text);
    await Deno.writeTextFile(partial, whole);
    await Deno.rename(partial, path);
    mended = true;
  }
  if (!mended) return "postgres.js is mended already";
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
