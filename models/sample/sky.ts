import { rgb } from "./colour.ts";
import type { Random } from "./random.ts";

/** What is behind everything: a gradient from top to bottom, clouds, and the glow of a sun or moon. */
export interface Sky {
  /** Colours from the top (0) to the bottom (1) of the picture. */
  stops: [number, string][];
  clouds?: { colour: string; cover: number; bottom?: number };
  /** Centre in shares of the picture; radius in shares of its height. */
  glow?: { x: number; y: number; radius: number; colour: string; strength: number };
}

/** Sky at a small size: enlarged with a cubic kernel it is as soft as a real one, and costs little. */
export const skySize = { width: 156, height: 104 };

/** Renders a sky as RGB bytes of `skySize`. */
export function renderSky(sky: Sky, random: Random): Uint8Array {
  const { width, height } = skySize;
  const noise = fractalNoise(random);
  const bytes = new Uint8Array(width * height * 3);
  const cloud = rgb(sky.clouds?.colour ?? "#ffffff");
  const light = rgb(sky.glow?.colour ?? "#ffffff");
  for (let row = 0; row < height; row++) {
    const base = colourAt(sky.stops, row / (height - 1));
    for (let column = 0; column < width; column++) {
      const density = cloudAt(sky, [column / height, row / height], noise);
      const shine = glowAt(sky, column / width, row / height);
      for (let channel = 0; channel < 3; channel++) {
        let value = base[channel] + (light[channel] - base[channel]) * shine;
        value += (cloud[channel] - value) * density * (1 - shine * 0.5);
        bytes[(row * width + column) * 3 + channel] = Math.round(value);
      }
    }
  }
  return bytes;
}

function colourAt(stops: [number, string][], at: number): number[] {
  const next = Math.max(1, stops.findIndex(([offset]) => offset >= at));
  const [[from, low], [to, high]] = [stops[next - 1], stops[next]];
  const share = Math.min(1, Math.max(0, (at - from) / (to - from)));
  const end = rgb(high);
  return rgb(low).map((value, i) => value + (end[i] - value) * share);
}

function cloudAt(sky: Sky, [x, y]: [number, number], noise: (x: number, y: number) => number) {
  if (sky.clouds === undefined) return 0;
  const { cover, bottom = 0.7 } = sky.clouds;
  // Clouds flatten towards the horizon, where one looks along them.
  const density = (noise(x * 2.2, y * 2.2 / (1.15 - y * 0.5) * 1.7) - (1 - cover)) * 3.2;
  return Math.min(0.92, Math.max(0, density)) * Math.min(1, Math.max(0, (bottom - y) * 5));
}

function glowAt(sky: Sky, x: number, y: number): number {
  if (sky.glow === undefined) return 0;
  const { glow } = sky;
  const aspect = skySize.width / skySize.height;
  const distance = Math.hypot((x - glow.x) * aspect, y - glow.y) / glow.radius;
  return glow.strength * Math.exp(-distance * distance * 1.6);
}

/** Four octaves of value noise over the plane, 0…1. */
function fractalNoise(random: Random): (x: number, y: number) => number {
  const size = 64;
  const lattice = Float32Array.from({ length: size * size }, random);
  const at = (x: number, y: number) => lattice[(y & 63) * size + (x & 63)];
  const smooth = (t: number) => t * t * (3 - 2 * t);
  const octave = (x: number, y: number) => {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const [tx, ty] = [smooth(x - column), smooth(y - row)];
    const top = at(column, row) * (1 - tx) + at(column + 1, row) * tx;
    const bottom = at(column, row + 1) * (1 - tx) + at(column + 1, row + 1) * tx;
    return top * (1 - ty) + bottom * ty;
  };
  return (x, y) =>
    0.5 * octave(x, y) + 0.26 * octave(x * 2.1, y * 2.1) + 0.15 * octave(x * 4.3, y * 4.3) +
    0.09 * octave(x * 8.7, y * 8.7);
}
