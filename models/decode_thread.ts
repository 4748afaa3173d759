/// <reference lib="deno.worker" />
import { decodeBmp } from "./bmp.ts";
import { type Colour, type Pixels, toSrgb } from "./colour.ts";
import { decodeHeif } from "./heif.ts";
import { decodeJxl } from "./jxl.ts";
import type { Reply } from "./thread.ts";
import { tiffOf } from "./tiff.ts";
import { ImageError, type ImageFault } from "./types.ts";

/** What is asked of a decode thread. */
export type DecodeRequest =
  /** Makes of a file that sharp cannot read one that it can. */
  | { op: "heic"; bytes: Uint8Array; deep: boolean; colour: Colour | null }
  | { op: "jxl" | "bmp"; bytes: Uint8Array }
  /** 16-bit RGB to sRGB. */
  | { op: "colour"; pixels: Pixels; colour: Colour }
  | { op: "close" };

/** A TIFF file, and the size of what is in it; an ImageError as data, since cloning loses what it is. */
export type DecodeReply =
  | { tiff: Uint8Array<ArrayBuffer>; width: number; height: number }
  | { pixels: Pixels }
  | { fault: ImageFault; message: string };

self.onmessage = async (
  { data: { id, ...request } }: MessageEvent<DecodeRequest & { id: number }>,
) => {
  if (request.op === "close") return self.close();
  try {
    const result = await carryOut(request as Exclude<DecodeRequest, { op: "close" }>);
    const moved = "tiff" in result ? result.tiff : "pixels" in result ? result.pixels.data : null;
    self.postMessage({ id, result } satisfies Reply, moved ? [moved.buffer] : []);
  } catch (error) {
    // What WebAssembly throws need not be an Error.
    const plain = error instanceof Error ? error : new Error(String(error));
    self.postMessage({ id, error: new Error(plain.message), name: plain.name } satisfies Reply);
  }
};

async function carryOut(request: Exclude<DecodeRequest, { op: "close" }>): Promise<DecodeReply> {
  try {
    switch (request.op) {
      case "heic":
        return whole(await decodeHeif(request.bytes, request));
      case "jxl":
        return whole(await decodeJxl(request.bytes));
      case "bmp":
        return whole(decodeBmp(request.bytes));
      case "colour":
        return { pixels: toSrgb(request.pixels, { ...request.colour, most: 65535 }) };
    }
  } catch (error) {
    if (error instanceof ImageError) return { fault: error.fault, message: error.message };
    throw error;
  }
}

function whole(pixels: Pixels): DecodeReply {
  const { width, height } = pixels;
  return { tiff: tiffOf(pixels), width, height };
}
