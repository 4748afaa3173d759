import { join } from "node:path";
import { sha256 } from "./identity.ts";
import { checkManifest, type Manifest } from "./manifest.ts";
import { type PullOptions, pullPack } from "./pull.ts";
import { PullError, type PullFault } from "./pull_error.ts";
import { writeTinyPack } from "./tiny_pack.ts";

type Answer = (request: Request, bytes: Uint8Array<ArrayBuffer>) => Response | Promise<Response>;

/** A server with a tiny pack of five files, and a data directory to pull it into. */
export interface Source {
  base: string;
  port: number;
  dataDir: string;
  /** By file name; tests change them. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
  /** How a file is served instead of properly. */
  answers: Map<string, Answer>;
  /** "visual.onnx", or with a range "visual.onnx bytes=5-", in their order. */
  requests: string[];
  manifest: Manifest;
  /** Pulls without waiting between attempts. */
  pull(options?: Partial<PullOptions> & { manifest?: Manifest }): Promise<void>;
}

export const MODELS = ["visual.onnx", "textual.onnx", "detector.onnx", "recogniser.onnx"];

/** Serves a pack on 127.0.0.1 while `test` runs; `pinned` manifests name length and SHA-256. */
export async function withSource(
  test: (source: Source) => Promise<void>,
  { pinned = true }: { pinned?: boolean } = {},
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const files: Source["files"] = new Map();
  const answers: Source["answers"] = new Map();
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const name = new URL(request.url).pathname.split("/").at(-1)!;
    const range = request.headers.get("range");
    requests.push(range ? `${name} ${range}` : name);
    const bytes = files.get(name);
    if (!bytes) return new Response("not here", { status: 404 });
    return (answers.get(name) ?? serve)(request, bytes);
  });
  try {
    const { port } = server.addr;
    const base = `http://127.0.0.1:${port}/`;
    const pack = join(dir, "pack");
    await Deno.mkdir(pack);
    await writeTinyPack(pack);
    for (const name of [...MODELS, "vocabulary.json"]) {
      files.set(name, await Deno.readFile(join(pack, name)));
    }
    const source: Source = {
      base,
      port,
      dataDir: join(dir, "data"),
      files,
      answers,
      requests,
      manifest: await servedManifest(pack, { base, files, pinned }),
      pull: ({ manifest, ...options } = {}) =>
        pullPack(manifest ?? source.manifest, {
          dataDir: source.dataDir,
          acceptLicence: false,
          loopback: true,
          retryMs: 1,
          ...options,
        }),
    };
    await test(source);
  } finally {
    await server.shutdown();
    await Deno.remove(dir, { recursive: true });
  }
}

async function servedManifest(
  pack: string,
  { base, files, pinned }: { base: string; files: Source["files"]; pinned: boolean },
): Promise<Manifest> {
  const json = JSON.parse(await Deno.readTextFile(join(pack, "manifest.json")));
  for (const part of [...Object.values(json.roles), json.tokenizer]) {
    const name = part.file ?? part.vocabulary;
    const bytes = files.get(name)!;
    part.url = base + name;
    part.sha256 = pinned ? await sha256(bytes) : undefined;
    part.bytes = pinned ? bytes.length : undefined;
  }
  return checkManifest(json, "tiny");
}

/** As servers of files do: with an ETag, a length, ranges and If-Range. */
export async function serve(
  request: Request,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const etag = `"${(await sha256(bytes)).slice(0, 12)}"`;
  const range = request.headers.get("range")?.match(/^bytes=(\d+)-$/);
  const unchanged = (request.headers.get("if-range") ?? etag) === etag;
  if (!range || !unchanged) return new Response(bytes, { headers: { etag } });
  const from = Number(range[1]);
  if (from >= bytes.length) {
    return new Response(null, {
      status: 416,
      headers: { etag, "content-range": `bytes */${bytes.length}` },
    });
  }
  return new Response(bytes.subarray(from), {
    status: 206,
    headers: { etag, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
  });
}

/** Sends at most `most` bytes of what `serve` would, and ends the connection. */
export const cutAfter = (most: number): Answer => async (request, bytes) => {
  const whole = await serve(request, bytes);
  const body = new Uint8Array(await whole.arrayBuffer());
  const headers = new Headers(whole.headers);
  headers.set("content-length", String(body.length));
  const cut = new ReadableStream({
    start(controller) {
      controller.enqueue(body.slice(0, most));
      controller.close();
    },
  });
  return new Response(cut, { status: whole.status, headers });
};

/** The PullError of a pull that must fail. */
export async function fault(pull: Promise<void>): Promise<{ fault: PullFault; message: string }> {
  const error = await pull.then(() => null, (error) => error);
  if (error instanceof PullError) return error;
  throw new Error(`expected a PullError, not ${error}`, { cause: error });
}
