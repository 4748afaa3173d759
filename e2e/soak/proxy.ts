import { between, pick, type Random } from "../../models/sample/random.ts";

/** A TCP proxy to a PostgreSQL that disturbs the connections through it. */
export interface CuttingProxy extends AsyncDisposable {
  port: number;
  /** What it did, in words. */
  done(): string[];
}

type Cut = "statement" | "commit" | "claim" | "silence";
const CUTS: Cut[] = ["statement", "commit", "commit", "claim", "silence"];

/**
 * Listens on a free loopback port, or on `listen`. Every few messages of the clients it draws what comes next: a
 * connection cut within a statement; one cut after a commit, or a worker's claim, has been carried out and
 * before the client learns of it; one on which nothing passes for up to eight seconds (half-open), and which
 * is then cut. After `cuts` of these it leaves everything alone.
 */
export function startCuttingProxy(
  options: { hostname: string; port: number; random: Random; cuts: number; listen?: number },
): CuttingProxy {
  const { hostname, port, random, cuts } = options;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: options.listen ?? 0 });
  const open = new Set<Deno.Conn>();
  const done: string[] = [];
  const draw = () => ({
    kind: pick(random, CUTS),
    after: Math.floor(between(random, [10, 60])),
    share: random(),
    silence: between(random, [500, 8000]),
  });
  let next = draw();

  async function serve(client: Deno.Conn): Promise<void> {
    // Who cannot be reached is told by a connection that ends at once.
    const server = await Deno.connect({ hostname, port }).catch((error) => {
      if (error instanceof Deno.errors.ConnectionRefused) return null;
      throw error;
    });
    if (!server) return close(client);
    open.add(client).add(server);
    const both = () => [client, server].forEach((each) => (open.delete(each), close(each)));
    // The answer to what is sent next is lost; that to what was sent last.
    let claiming = false, committing = false;
    let silent: Promise<void> | null = null;
    const backward = (async () => {
      for await (const bytes of chunks(server)) {
        await silent;
        // The database has carried it out; the client is never told.
        if (committing) return;
        await writeAll(client, bytes);
      }
    })().catch(ended).finally(both);
    const forward = (async () => {
      for await (const bytes of chunks(client)) {
        const due = done.length < cuts && --next.after <= 0;
        if (claiming) {
          committing = true;
        } else if (due && next.kind === "claim" && isClaim(bytes)) {
          // This prepares it; it is carried out with its parameters, which come in another message.
          claiming = true;
          done.push("lost the answer of a claim");
          next = draw();
        } else if (due && next.kind === "commit" && isCommit(bytes)) {
          committing = true;
          done.push("lost the answer of a commit");
          next = draw();
        } else if (due && next.kind === "statement") {
          done.push("cut within a statement");
          const part = bytes.subarray(0, Math.floor(bytes.length * next.share));
          next = draw();
          await writeAll(server, part);
          return;
        } else if (due && next.kind === "silence") {
          const { silence } = next;
          done.push(`silence of ${Math.round(silence)} ms`);
          next = draw();
          silent = new Promise((resolve) => setTimeout(resolve, silence));
          await silent;
          return;
        }
        await writeAll(server, bytes);
      }
    })().catch(ended).finally(async () => {
      if (!committing) both();
      await backward;
    });
    await Promise.all([forward, backward]);
  }

  const faults: unknown[] = [];
  const accepting = (async () => {
    const serving: Promise<unknown>[] = [];
    for await (const client of listener) {
      serving.push(serve(client).catch((error) => faults.push(error)));
    }
    await Promise.all(serving);
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    done: () => done,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const each of open) close(each);
      await accepting;
      if (faults.length > 0) throw faults[0];
    },
  };
}

/** Passes over what a connection says whose other end was cut, and whose own end is next. */
function ended(error: unknown): void {
  const { BadResource, BrokenPipe, ConnectionReset, Interrupted } = Deno.errors;
  const gone = [BadResource, BrokenPipe, ConnectionReset, Interrupted].some((kind) =>
    error instanceof kind
  );
  if (!gone) throw error;
}

// As a simple query or to be prepared; the client writes it in either case.
const isCommit = (bytes: Uint8Array) =>
  /commit\0/i.test(new TextDecoder("latin1").decode(bytes.subarray(0, 200)));

const isClaim = (bytes: Uint8Array) =>
  new TextDecoder("latin1").decode(bytes).includes("update jobs set state = 'running'");

async function* chunks(connection: Deno.Conn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (let read; (read = await connection.read(buffer)) !== null;) yield buffer.slice(0, read);
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    // Both directions end a connection; the second finds it closed.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
