/** A port on which any number of connections take turns at a server that has one session. */
export interface Turns {
  port: number;
  close(): Promise<void>;
}

/**
 * PGlite's socket server puts the messages of all connections in one row, and what one connection
 * parses another may overwrite before it is executed: both use the one unnamed statement. Here a
 * connection has its turn from its first message until the server is ready for another and no
 * transaction is open.
 */
export function startTurns(server: { hostname: string; port: number }): Turns {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const served = new Set<Promise<unknown>>();
  let last: Promise<void> = Promise.resolve();

  /** Resolves with what ends the turn. */
  async function turn(): Promise<() => void> {
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    await before;
    return resolve;
  }

  async function serve(client: Deno.Conn): Promise<void> {
    const backend = await Deno.connect(server);
    open.add(client).add(backend);
    const sent = createSent();
    const got = createMessages(0);
    const held: { end?: () => void } = {};
    const release = () => {
      const { end } = held;
      held.end = undefined;
      end?.();
    };
    const forward = (async () => {
      for await (const bytes of client.readable) {
        held.end ??= await turn();
        sent.add(bytes);
        await writeAll(backend, bytes);
      }
    })();
    const backward = (async () => {
      for await (const bytes of backend.readable) {
        for (const { type, body } of got.add(bytes)) {
          if (type === "Z") sent.ready(String.fromCharCode(body[0]));
        }
        // Before the client hears of it, and asks on.
        if (sent.idle) release();
        await writeAll(client, bytes);
      }
    })();
    // Whoever ends first ends both: a client that leaves, or a server that stops.
    await Promise.race([forward, backward]).catch(() => {});
    for (const each of [client, backend]) {
      open.delete(each);
      closeQuietly(each);
    }
    await Promise.allSettled([forward, backward]);
    release();
  }

  const accepting = (async () => {
    for await (const client of listener) {
      const task: Promise<unknown> = serve(client).finally(() => served.delete(task));
      served.add(task);
    }
  })();

  return {
    port: (listener.addr as Deno.NetAddr).port,
    async close() {
      listener.close();
      open.forEach(closeQuietly);
      await Promise.allSettled([accepting, ...served]);
    },
  };
}

/** What a client sent, as far as it says whether the server owes it anything. */
function createSent() {
  // Its first message has no type.
  const messages = createMessages(1);
  let owed = 0, asked = false, state = "";
  return {
    add(bytes: Uint8Array): void {
      for (const { type } of messages.add(bytes)) {
        // The start, a simple query and a synchronisation are answered by "ready"; all else belongs
        // to the next of these.
        asked = !/^[ QS]$/.test(type);
        if (!asked) owed++;
      }
    },
    ready(given: string): void {
      owed--;
      state = given;
    },
    get idle(): boolean {
      return owed === 0 && !asked && state === "I" && messages.whole;
    },
  };
}

/** Puts messages together: a type, four bytes of length, a body; the first `untyped` lack the type. */
function createMessages(untyped: number) {
  let rest = new Uint8Array(0);
  return {
    get whole(): boolean {
      return rest.length === 0;
    },
    add(bytes: Uint8Array): { type: string; body: Uint8Array }[] {
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      const found: { type: string; body: Uint8Array }[] = [];
      let at = 0;
      for (;;) {
        const head = untyped > 0 ? 0 : 1;
        if (all.length < at + head + 4) break;
        const length = new DataView(all.buffer, at + head).getUint32(0);
        if (all.length < at + head + length) break;
        const type = head === 0 ? " " : String.fromCharCode(all[at]);
        found.push({ type, body: all.subarray(at + head + 4, at + head + length) });
        at += head + length;
        if (untyped > 0) untyped--;
      }
      rest = all.slice(at);
      return found;
    },
  };
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed by its other end.
  }
}
