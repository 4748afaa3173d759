import { mix, shade } from "./colour.ts";
import { between, pick, type Random } from "./random.ts";

/** Size of a picture in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Pieces of landscape as SVG. Positions are shares of the picture (0…1) unless said otherwise. */
export type Piece = (random: Random, size: Size) => string;

const f = (value: number) => value.toFixed(1);

/** A hill or mountain range: everything below a random line around `at`. */
export function ridge(
  { at, relief, colour, jagged = 0 }: {
    at: number;
    relief: number;
    colour: string;
    jagged?: number;
  },
): Piece {
  return (random, { width, height }) => {
    const waves = [1, 2.3, 4.9].map((rate) => ({
      rate: rate * between(random, [0.7, 1.4]),
      phase: random() * 6.3,
      size: relief / rate,
    }));
    const steps = jagged > 0 ? 46 : 64;
    const points = Array.from({ length: steps + 1 }, (_, i) => {
      const x = i / steps;
      const wave = waves.reduce((sum, w) => sum + w.size * Math.sin(x * 6.3 * w.rate + w.phase), 0);
      const y = at - wave * 0.5 - relief * jagged * (random() - 0.5);
      return `${f(x * width)} ${f(y * height)}`;
    });
    const id = `r${Math.floor(random() * 1e9)}`;
    return gradient(id, [shade(colour, 1.12), shade(colour, 0.86)]) +
      `<path d="M0 ${height}L${points.join("L")}L${width} ${height}Z" fill="url(#${id})"/>`;
  };
}

/** Peaks with snow on them. */
export function peaks({ at, count, colour, snow }: {
  at: number;
  count: number;
  colour: string;
  snow: string;
}): Piece {
  return (random, { width, height }) =>
    Array.from({ length: count }, (_, i) => {
      const x = (i + between(random, [0.1, 0.9])) / count * width;
      const top = (at - between(random, [0.16, 0.36])) * height;
      const base = (at + 0.12) * height;
      const half = (base - top) * between(random, [0.75, 1.15]);
      const skew = between(random, [-0.12, 0.12]) * half;
      const line = top + (base - top) * 0.36;
      const left = x - half * 0.36;
      const right = x + half * 0.36;
      const zig = (share: number) =>
        `${f(left + (right - left) * share)} ${
          f(line + (share * 10 % 2 < 1 ? 0.1 : -0.05) * (base - top))
        }`;
      return `<path d="M${f(x - half)} ${f(base)}L${f(x)} ${f(top)}L${f(x + half)} ${
        f(base)
      }Z" fill="${colour}"/>` +
        `<path d="M${f(x)} ${f(top)}L${f(x + half)} ${f(base)}L${f(x + skew)} ${f(base)}Z" fill="${
          shade(colour, 0.84)
        }"/>` +
        `<path d="M${f(x)} ${f(top)}L${f(left)} ${f(line)}L${zig(0.2)}L${zig(0.35)}L${zig(0.5)}L${
          zig(0.65)
        }L${zig(0.8)}L${f(right)} ${f(line)}Z" fill="${snow}"/>`;
    }).join("");
}

/** Conifers standing around the line `at`, `tall` high; further rows are paler. */
export function conifers({ at, tall, count, colours }: {
  at: number;
  tall: number;
  count: number;
  colours: string[];
}): Piece {
  return (random, { width, height }) =>
    Array.from({ length: count }, (_, i) => {
      const x = (i + random() * 1.2 - 0.1) / count * width;
      const size = tall * height * between(random, [0.65, 1.15]);
      const foot = (at + between(random, [-0.012, 0.03])) * height;
      const colour = pick(random, colours);
      const half = size * between(random, [0.19, 0.25]);
      const tier = (low: number, high: number, wide: number) =>
        `M${f(x - half * wide)} ${f(foot - size * low)}Q${f(x)} ${f(foot - size * (low - 0.05))} ${
          f(x + half * wide)
        } ${f(foot - size * low)}L${f(x)} ${f(foot - size * high)}Z`;
      const trunk = `<path d="M${f(x)} ${f(foot + size * 0.03)}v${
        f(-size * 0.3)
      }" stroke="#4a3526" stroke-width="${f(size * 0.045)}"/>`;
      return `${trunk}<path d="${tier(0.08, 0.52, 1)}${tier(0.3, 0.76, 0.78)}${
        tier(0.54, 1, 0.54)
      }" fill="${colour}"/>` +
        `<path d="M${f(x)} ${f(foot - size)}L${f(x + half * 0.54)} ${f(foot - size * 0.54)}L${
          f(x + half)
        } ${f(foot - size * 0.08)}L${f(x)} ${
          f(foot - size * 0.06)
        }Z" fill="#000" fill-opacity="0.1"/>`;
    }).join("");
}

/** Broad-leaved trees: round crowns on stems. */
export function leafTrees({ at, tall, count, colours }: {
  at: number;
  tall: number;
  count: number;
  colours: string[];
}): Piece {
  return (random, { width, height }) =>
    Array.from({ length: count }, (_, i) => {
      const x = (i + between(random, [0.1, 0.9])) / count * width;
      const size = tall * height * between(random, [0.7, 1.15]);
      const foot = (at + between(random, [0, 0.04])) * height;
      const colour = pick(random, colours);
      const crown = [[-0.2, 0.6, 0.24], [0.2, 0.6, 0.24], [0, 0.78, 0.28], [0, 0.55, 0.26]]
        .map(([dx, up, r], k) =>
          `<circle cx="${f(x + dx * size)}" cy="${f(foot - up * size)}" r="${f(r * size)}" fill="${
            k === 2 ? shade(colour, 1.1) : k === 1 ? shade(colour, 0.88) : colour
          }"/>`
        ).join("");
      return `<path d="M${f(x)} ${f(foot)}v${f(-size * 0.5)}" stroke="#5b4030" stroke-width="${
        f(size * 0.07)
      }"/>${crown}`;
    }).join("");
}

/** Water from `at` to the bottom edge with waves, and glitter below a light at `light`. */
export function water(
  { at, colours, light, glint = "#ffffff" }: {
    at: number;
    colours: [string, string];
    light?: number;
    glint?: string;
  },
): Piece {
  return (random, { width, height }) => {
    const id = `w${Math.floor(random() * 1e9)}`;
    const waves = Array.from({ length: 90 }, () => {
      const depth = random() ** 1.6;
      const y = at + (1 - at) * depth;
      const x = random() * 1.1 - 0.05;
      const length = (0.02 + 0.12 * depth) * between(random, [0.6, 1.5]) * width;
      const tone = random() < 0.55 ? mix([colours[0], "#ffffff"], 0.35) : shade(colours[1], 0.8);
      return wave([x * width, y * height], {
        length,
        thick: (0.8 + 4 * depth) * height / 800,
        colour: tone,
        opacity: 0.5,
      });
    });
    const glitter = light === undefined ? [] : Array.from({ length: 60 }, () => {
      const depth = random();
      const x = light + (random() + random() - 1) * (0.05 + 0.1 * depth);
      const length = (0.012 + 0.04 * depth) * width;
      return wave([x * width - length / 2, (at + (1 - at) * depth) * height], {
        length,
        thick: (1 + 4 * depth) * height / 800,
        colour: glint,
        opacity: 0.6,
      });
    });
    return gradient(id, colours) +
      `<rect x="0" y="${f(at * height)}" width="${width}" height="${
        f((1 - at) * height + 1)
      }" fill="url(#${id})"/>` +
      waves.join("") + glitter.join("");
  };
}

function wave(
  [x, y]: [number, number],
  { length, thick, colour, opacity }: {
    length: number;
    thick: number;
    colour: string;
    opacity: number;
  },
): string {
  const rise = length * 0.06;
  return `<path d="M${f(x)} ${f(y)}q${f(length * 0.25)} ${f(-rise)} ${f(length * 0.5)} 0t${
    f(length * 0.5)
  } 0" fill="none" stroke="${colour}" stroke-width="${
    f(thick)
  }" stroke-linecap="round" stroke-opacity="${opacity}"/>`;
}

/** Points of light: stars, snowflakes, lit windows far away. Sizes in thousandths of the height. */
export function specks(
  { count, from, to, sizes, colours, opacity = [0.5, 1] }: {
    count: number;
    from: number;
    to: number;
    sizes: [number, number];
    colours: string[];
    opacity?: [number, number];
  },
): Piece {
  return (random, { width, height }) =>
    Array.from(
      { length: count },
      () =>
        `<circle cx="${f(random() * width)}" cy="${f(between(random, [from, to]) * height)}" r="${
          f(between(random, sizes) * height / 1000)
        }" fill="${pick(random, colours)}" fill-opacity="${between(random, opacity).toFixed(2)}"/>`,
    ).join("");
}

/** A sun or moon: a disc with a soft rim. */
export function disc(
  { x, y, radius, colour }: { x: number; y: number; radius: number; colour: string },
): Piece {
  return (random, { width, height }) => {
    const id = `d${Math.floor(random() * 1e9)}`;
    const at = `cx="${f(x * width)}" cy="${f(y * height)}"`;
    return `<radialGradient id="${id}"><stop offset="0.3" stop-color="${colour}" stop-opacity="0.5"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>` +
      `<circle ${at} r="${f(radius * height * 2.2)}" fill="url(#${id})"/>` +
      `<circle ${at} r="${f(radius * height)}" fill="${colour}"/>`;
  };
}

/** A vertical gradient over the shape that uses it. */
export function gradient(id: string, [top, bottom]: [string, string]): string {
  return `<linearGradient id="${id}" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient>`;
}
