import { createRequire } from "node:module";
import openDecoder from "@jsquash/jxl/codec/dec/jxl_dec.js";
import type { Pixels } from "./colour.ts";
import { ImageError } from "./types.ts";

const require = createRequire(import.meta.url);

/** What of the decoder's module is used; its own types are for a browser. */
interface JxlDecoder {
  decode(bytes: Uint8Array): ImageData | null;
}

interface Opening {
  noInitialRun: boolean;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ): WebAssembly.Exports;
}

const openModule = openDecoder as unknown as (options: Opening) => Promise<JxlDecoder>;

let decoder: Promise<JxlDecoder> | null = null;

/**
 * Decodes a JPEG XL picture, of an animation the first frame, to upright RGBA in sRGB, 8 bits. For a
 * decode thread. Throws an ImageError: `corrupt`, which a file that was cut short also is.
 */
export async function decodeJxl(bytes: Uint8Array): Promise<Pixels> {
  const module = await (decoder ??= open());
  const image = module.decode(bytes);
  if (!image) {
    throw new ImageError("corrupt", "The JPEG XL file is damaged, or ends before the picture does");
  }
  const { width, height } = image;
  const data = new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  return { data: data as Uint8Array<ArrayBuffer>, width, height, channels: 4 };
}

// By itself it would fetch its code from an address beside it; inside a compiled program that is no
// place on a disk, and Deno.readFile knows where else to look.
async function open(): Promise<JxlDecoder> {
  const code = await Deno.readFile(require.resolve("@jsquash/jxl/codec/dec/jxl_dec.wasm"));
  const compiled = await WebAssembly.compile(code);
  return await openModule({
    noInitialRun: true,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(compiled, imports);
      done(instance);
      return instance.exports;
    },
  });
}
