import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { download, type Sources } from "./download.ts";
import { ifMissing } from "./installed.ts";
import { openPartial, type PartialFile } from "./partial_file.ts";
import { PullError, TransientError } from "./pull_error.ts";

export interface FetchOptions {
  /** Where the file is made; what lies there from an earlier attempt is continued. */
  path: string;
  url: string;
  /** Null: not known beforehand. */
  bytes: number | null;
  sha256: string | null;
  sources: Sources;
  signal: AbortSignal;
  /** Called with the bytes that are there, while they are hashed or fetched. */
  onBytes: (length: number, stage: "verifying" | "fetching") => void;
  /** Called when the server says how long the file is. */
  onTotal: (bytes: number) => void;
  /** Milliseconds before another attempt, doubled each time. */
  retryMs?: number;
  /** Milliseconds without a byte after which a connection is given up. */
  silenceMs?: number;
}

/** What is known of the file at `path`, kept beside it as `.source`. */
const source = z.strictObject({
  url: z.string(),
  /** ETag or date: with it a server sends the rest only if the file has not changed. */
  validator: z.string().nullable(),
  total: z.number().nullable(),
});

interface Transfer extends FetchOptions {
  file: PartialFile;
  source: Source;
}

/** Attempts in a row without progress worth the name. */
const ATTEMPTS = 4;
const PROGRESS = 1e6;

/**
 * Fetches one file to `path`, or goes on with what is there, and returns its SHA-256 and length. What
 * was fetched is kept if it fails, save a file that is not the right one, which is emptied. Throws a
 * PullError, or what `signal` was aborted with.
 */
export async function fetchFile(options: FetchOptions): Promise<{ sha256: string; bytes: number }> {
  const known = await readSource(options);
  // Not emptied but removed: it may be a link to an installed file.
  if (!known) await Deno.remove(options.path).catch(ifMissing(undefined));
  const file = await openPartial(options.path);
  try {
    const transfer: Transfer = {
      ...options,
      file,
      source: await resume(file, { ...options, known }),
    };
    await fetchAll(transfer);
    const sha256 = await file.finish();
    if (options.sha256 !== null && sha256 !== options.sha256) {
      await file.restart();
      throw new PullError(
        "hash",
        `What ${host(transfer)} sent is not the file that was meant: its SHA-256 is ${sha256}, ` +
          `expected ${options.sha256}. It was removed; pull again, and if it stays so, do not use it`,
      );
    }
    return { sha256, bytes: file.length };
  } finally {
    file.close();
  }
}

type Source = z.output<typeof source>;

/** What is known of the file there, if it can be continued. */
async function readSource({ path, url, sha256 }: FetchOptions): Promise<Source | null> {
  const text = await Deno.readTextFile(`${path}.source`).catch(ifMissing(""));
  let known: Source | undefined;
  try {
    known = source.safeParse(JSON.parse(text)).data;
  } catch {
    // Written when the power went: as good as none.
  }
  if (known?.url !== url) return null;
  // Without a validator the rest may be another file's, which only a hash known beforehand tells.
  return known.validator !== null || sha256 !== null ? known : null;
}

async function resume(
  file: PartialFile,
  { known, url, bytes, signal, onBytes }: FetchOptions & { known: Source | null },
): Promise<Source> {
  if (known) {
    await file.resume({ signal, onBytes: (length) => onBytes(length, "verifying") });
    const total = bytes ?? known.total;
    if (total === null || file.length <= total) return { ...known, total };
    await file.restart();
  }
  return { url, validator: null, total: bytes };
}

const isWhole = ({ file, source }: Transfer) => file.length === source.total;

async function fetchAll(transfer: Transfer): Promise<void> {
  const { file, signal, retryMs = 1000 } = transfer;
  for (let failures = 0; !isWhole(transfer);) {
    const before = file.length;
    try {
      await attempt(transfer);
      // Nothing more of it, and not the whole either: it is begun again, but not for ever.
      if (!isWhole(transfer)) throw truncated(transfer);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      failures = file.length > before + PROGRESS ? 1 : failures + 1;
      if (failures >= ATTEMPTS) throw error;
      const waitMs = Math.max(retryMs * 2 ** (failures - 1), error.waitMs ?? 0);
      await pause(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

async function attempt(transfer: Transfer): Promise<void> {
  const { file, url, sources, signal, silenceMs = 60_000 } = transfer;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    const response = await download(url, {
      sources,
      from: file.length,
      validator: transfer.source.validator,
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!await takeUp(transfer, response)) {
      await response.body?.cancel();
      return;
    }
    for await (const piece of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
      await append(transfer, piece);
    }
    // A server that said no length ends the file by ending.
    transfer.source.total ??= file.length;
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted) {
      const message = `${host(transfer)} sent nothing for ${silenceMs / 1000} seconds`;
      throw new TransientError("offline", `${message}; pull again: what was fetched is kept`);
    }
    // What Deno says of a connection that ends within a body.
    if (error instanceof TypeError) throw truncated(transfer, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  if (!isWhole(transfer)) throw truncated(transfer);
}

/** Reads what the server says of the file; true if its body is to be appended to what is there. */
async function takeUp(transfer: Transfer, { status, headers }: Response): Promise<boolean> {
  const { file, source, url, bytes, path } = transfer;
  const range = headers.get("content-range")?.match(/^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/);
  const total = status === 200 ? number(headers.get("content-length")) : number(range?.[2]);
  if (bytes !== null && total !== null && total !== bytes) {
    throw new PullError(
      "size",
      `${
        host(transfer)
      } offers ${total} bytes instead of the ${bytes} of ${url}: it is another file, or a ` +
        `page about it`,
    );
  }
  const validator = validatorOf(headers);
  const changed = source.validator !== null && validator !== null && validator !== source.validator;
  const continues = status === 206 && !changed && number(range?.[1]) === file.length;
  // There is nothing after what is there: it is the whole, whose length was not known.
  if (status === 416 && !changed && total === file.length) {
    transfer.source = { ...source, total };
    return false;
  }
  if (!continues) await file.restart();
  if (status !== 200 && !continues) {
    transfer.source = { url, validator: null, total: bytes };
    return false;
  }
  transfer.source = { url, validator, total: bytes ?? total };
  await Deno.writeTextFile(`${path}.source`, JSON.stringify(transfer.source));
  if (transfer.source.total !== null) transfer.onTotal(transfer.source.total);
  return true;
}

async function append(transfer: Transfer, piece: Uint8Array): Promise<void> {
  const { file, source: { total } } = transfer;
  if (total !== null && file.length + piece.length > total) {
    await file.restart();
    const message = `${host(transfer)} sends more than the ${total} bytes of the file`;
    throw new PullError("size", `${message}; it was removed. Pull again, or use another source`);
  }
  await file.append(piece);
  transfer.onBytes(file.length, "fetching");
}

/** Only what If-Range takes: a strong ETag, else the date. */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get("etag");
  return etag && !etag.startsWith("W/") ? etag : headers.get("last-modified");
}

const number = (text: string | null | undefined) =>
  text && /^\d+$/.test(text) ? Number(text) : null;

const host = ({ url }: { url: string }) => new URL(url).host;

const truncated = (transfer: Transfer, cause?: unknown) =>
  new TransientError(
    "truncated",
    `${host(transfer)} ended the transfer after ${transfer.file.length} of ` +
      `${transfer.source.total ?? "?"} bytes; pull again to go on from there`,
    { cause },
  );
