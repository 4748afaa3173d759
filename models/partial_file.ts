import { createHash } from "node:crypto";
import { hashFile } from "./identity.ts";

/** A file that is being fetched: what is there, on the disk and in the hash. */
export interface PartialFile {
  /** Bytes that are there and hashed. */
  readonly length: number;
  /** Hashes what lies there from before, so that it can be continued. */
  resume(options: { signal: AbortSignal; onBytes: (length: number) => void }): Promise<void>;
  append(piece: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  /** SHA-256 of what is there, which is then safe on the disk. */
  finish(): Promise<string>;
  close(): void;
}

/** Opens or makes the file at `path`; nothing counts as there until `resume` has read it. */
export async function openPartial(path: string): Promise<PartialFile> {
  const file = await Deno.open(path, { create: true, read: true, write: true });
  let hash = createHash("sha256");
  let length = 0;
  return {
    get length() {
      return length;
    },
    async resume({ signal, onBytes }) {
      await hashFile(path, { hash, signal, onBytes: (count) => onBytes(length += count) });
      await file.seek(length, Deno.SeekMode.Start);
    },
    async append(piece) {
      for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
      hash.update(piece);
      length += piece.length;
    },
    async restart() {
      await file.truncate(0);
      await file.seek(0, Deno.SeekMode.Start);
      hash = createHash("sha256");
      length = 0;
    },
    async finish() {
      // Else a power cut after the rename could leave an installed file of zeros.
      await file.sync();
      return hash.copy().digest("hex");
    },
    close: () => file.close(),
  };
}
