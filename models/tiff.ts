import type { Pixels } from "./colour.ts";

// libtiff refuses single pieces of hundreds of megabytes.
const ROWS = 64;
const SHORT = 3, LONG = 4, UNDEFINED = 7;

/**
 * Uncompressed pixels as a TIFF file, the simplest form in which sharp takes a colour profile along
 * with them. Samples of 8 or 16 bits; one (grey), three (RGB) or four (RGBA) of them a pixel.
 */
export function tiffOf(pixels: Pixels, icc: Uint8Array | null = null): Uint8Array<ArrayBuffer> {
  const { data, width, height, channels } = pixels;
  const strips = Math.ceil(height / ROWS);
  const row = width * channels * data.BYTES_PER_ELEMENT;
  const entries: [tag: number, type: number, values: ArrayLike<number>][] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, Array(channels).fill(data.BYTES_PER_ELEMENT * 8)],
    [259, SHORT, [1]],
    [262, SHORT, [channels === 1 ? 1 : 2]],
    [273, LONG, Array(strips).fill(0)],
    [277, SHORT, [channels]],
    [278, LONG, [ROWS]],
    [279, LONG, Array.from({ length: strips }, (_, i) => row * Math.min(ROWS, height - i * ROWS))],
    // Alpha that the colours have not been multiplied with.
    ...(channels === 4 ? [[338, SHORT, [2]] as [number, number, number[]]] : []),
    ...(icc ? [[34675, UNDEFINED, icc] as [number, number, Uint8Array]] : []),
  ];
  const bytesOf = ([, type, values]: typeof entries[0]) =>
    values.length * (type === LONG ? 4 : type === SHORT ? 2 : 1);
  const outside = entries.map(bytesOf).filter((size) => size > 4)
    .reduce((sum, size) => sum + size + size % 2, 0);
  const directory = 8 + 2 + entries.length * 12 + 4;
  const start = Math.ceil((directory + outside) / 4) * 4;
  entries.find(([tag]) => tag === 273)![2] = Array.from(
    { length: strips },
    (_, i) => start + i * ROWS * row,
  );

  const file = new Uint8Array(start + row * height);
  const view = new DataView(file.buffer);
  // Little-endian, as every processor this runs on holds 16-bit samples.
  view.setUint32(0, 0x49492a00);
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  let free = directory;
  entries.forEach((entry, index) => {
    const [tag, type, values] = entry;
    const at = 10 + index * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, values.length, true);
    const size = bytesOf(entry);
    let place = at + 8;
    if (size > 4) {
      view.setUint32(at + 8, free, true);
      place = free;
      free += size + size % 2;
    }
    for (let i = 0; i < values.length; i++) {
      if (type === LONG) view.setUint32(place + i * 4, values[i], true);
      else if (type === SHORT) view.setUint16(place + i * 2, values[i], true);
      else view.setUint8(place + i, values[i]);
    }
  });
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return file;
}
