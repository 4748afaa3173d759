/** Bare samples, rows from the top without padding; 8 bits, or 16 in the machine's own order. */
export interface Pixels {
  data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  width: number;
  height: number;
  channels: number;
}

/**
 * What the numbers of a picture mean where no ICC profile says so: primaries and transfer as numbered
 * in ITU-T H.273 (HEIC, AVIF, PNG's cICP), or Adobe RGB, which cameras tell by a word in the EXIF.
 */
export interface Colour {
  primaries: number | "adobe";
  transfer: number | "adobe";
}

const PQ = 16, HLG = 18;

// To sRGB's primaries, all with a white of D65; rows for red, green and blue.
const P3 = [1.22494018, -0.22494018, 0, -0.04205695, 1.04205695, 0, -0.01963755, -0.07863607]
  .concat(1.09827362);
const BT2020 = [1.660491, -0.58764114, -0.07284986, -0.12455047, 1.1328999, -0.00834942]
  .concat([-0.01815076, -0.1005789, 1.11872966]);
const ADOBE = [1.3983557, -0.3983557, 0, 0, 1, 0, 0, -0.042929, 1.042929];
const MATRICES = new Map<Colour["primaries"], number[]>([[9, BT2020], [12, P3], ["adobe", ADOBE]]);

// BT.709's curve is a camera's; everybody shows such pictures with sRGB's.
const SRGB_LIKE = [1, 2, 6, 13, 14, 15];

/** True for colours that the numbers already mean in sRGB, as far as anybody shows them. */
export const isSrgb = ({ primaries, transfer }: Colour): boolean =>
  !MATRICES.has(primaries) && SRGB_LIKE.includes(transfer as number);

/** True for brightness beyond white: PQ (HDR10) or HLG. */
const isHdr = ({ transfer }: Colour): boolean => transfer === PQ || transfer === HLG;

/**
 * Turns RGB or RGBA samples, whose largest value is `most`, into 8-bit sRGB. Of HDR, what is as bright
 * as paper (203 cd/m², ITU-R BT.2408) becomes nearly white and the rest of the range keeps its
 * proportions; brighter light is compressed into what is left, with its hue.
 */
export function toSrgb(pixels: Pixels, options: Colour & { most: number }): Pixels {
  const { data, width, height, channels } = pixels;
  const { most } = options;
  const light = Float32Array.from(
    { length: most + 1 },
    (_, level) => linear(level / most, options.transfer),
  );
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = MATRICES.get(options.primaries) ?? NO_CHANGE;
  const hdr = isHdr(options);
  const out = new Uint8Array(width * height * channels);
  for (let at = 0; at < data.length; at += channels) {
    let red = light[data[at]], green = light[data[at + 1]], blue = light[data[at + 2]];
    if (options.transfer === HLG) {
      // The system gamma of a 1000 cd/m² display, on luminance (BT.2100).
      const luminance = 0.2627 * red + 0.678 * green + 0.0593 * blue;
      const gain = luminance > 0 ? luminance ** 0.2 * 1000 / 203 : 0;
      red *= gain, green *= gain, blue *= gain;
    }
    let r = rr * red + rg * green + rb * blue;
    let g = gr * red + gg * green + gb * blue;
    let b = br * red + bg * green + bb * blue;
    if (hdr) {
      const brightest = Math.max(r, g, b);
      if (brightest > KNEE) {
        const beyond = (brightest - KNEE) / (1 - KNEE);
        const gain = (KNEE + (1 - KNEE) * beyond / (1 + beyond)) / brightest;
        r *= gain, g *= gain, b *= gain;
      }
    }
    out[at] = level(r), out[at + 1] = level(g), out[at + 2] = level(b);
    if (channels === 4) out[at + 3] = Math.round(data[at + 3] / most * 255);
  }
  return { data: out, width, height, channels };
}

const NO_CHANGE = [1, 0, 0, 0, 1, 0, 0, 0, 1];
// Up to here of paper white HDR is shown as it is; paper itself then has level 231 of 255.
const KNEE = 0.6;

// 0…1 for what sRGB can show; of PQ in units of paper white, of HLG the scene's light.
function linear(signal: number, transfer: Colour["transfer"]): number {
  switch (transfer) {
    case "adobe":
      return signal ** 2.19921875;
    case 4:
      return signal ** 2.2;
    case 5:
      return signal ** 2.8;
    case 8:
      return signal;
    case PQ: {
      const root = signal ** (1 / 78.84375);
      const share = Math.max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root);
      return share ** (1 / 0.1593017578125) * 10_000 / 203;
    }
    case HLG:
      return signal <= 0.5
        ? signal ** 2 / 3
        : (Math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12;
    default:
      return signal <= 0.04045 ? signal / 12.92 : ((signal + 0.055) / 1.055) ** 2.4;
  }
}

// sRGB levels of 65,536 steps of light: the darkest steps are where the curve is straight.
const LEVELS = Uint8Array.from({ length: 65536 }, (_, step) => {
  const light = step / 65535;
  return Math.round(
    255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055),
  );
});

const level = (light: number) => LEVELS[Math.max(0, Math.min(1, light)) * 65535 + 0.5 | 0];
