import { shade } from "./colour.ts";
import type { Piece } from "./landforms.ts";
import { between, pick } from "./random.ts";

const f = (value: number) => value.toFixed(1);

/** Birds far away. */
export function birds(count: number): Piece {
  return (random, { width, height }) => {
    const [cx, cy] = [between(random, [0.2, 0.8]), between(random, [0.12, 0.3])];
    return Array.from({ length: count }, () => {
      const x = (cx + between(random, [-0.12, 0.12])) * width;
      const y = (cy + between(random, [-0.06, 0.06])) * height;
      const s = between(random, [0.008, 0.016]) * height;
      return `<path d="M${f(x - s)} ${f(y - s * 0.4)}Q${f(x - s * 0.4)} ${f(y - s * 0.8)} ${f(x)} ${
        f(y)
      }Q${f(x + s * 0.4)} ${f(y - s * 0.8)} ${f(x + s)} ${
        f(y - s * 0.4)
      }" fill="none" stroke="#2d3142" stroke-width="${f(s * 0.22)}" stroke-linecap="round"/>`;
    }).join("");
  };
}

/** A sailing boat on the line `at`. */
export function boat({ at, sail }: { at: number; sail: string }): Piece {
  return (random, { width, height }) => {
    const s = between(random, [0.05, 0.11]) * height;
    const x = between(random, [0.15, 0.85]) * width;
    const y = (at + between(random, [0.02, 0.09])) * height;
    return `<g transform="translate(${f(x)} ${f(y)}) scale(${f(s)})">` +
      `<path d="M-1-0.12L1.05-0.12Q0.8 0.3 0.5 0.32L-0.62 0.32Q-0.9 0.2-1-0.12Z" fill="#5a3d2b"/>` +
      `<path d="M0.02-0.2L0.02-2.3L1-0.34Z" fill="${sail}"/><path d="M-0.1-0.24L-0.1-2L-0.85-0.34Z" fill="${
        shade(sail, 0.88)
      }"/>` +
      `<path d="M-0.04-0.1V-2.35" stroke="#3c2a1e" stroke-width="0.07"/></g>`;
  };
}

/** A row of house fronts from edge to edge, standing on the line `at`. */
export function houses(
  { at, walls, windows, roofs }: {
    at: number;
    walls: string[];
    windows: string[];
    roofs: string[];
  },
): Piece {
  return (random, { width, height }) => {
    const parts: string[] = [];
    for (let x = -0.02; x < 1;) {
      const wide = between(random, [0.09, 0.16]) * Math.min(1, height / width * 1.4);
      const tall = between(random, [0.3, 0.62]) * at;
      const [left, top, w, h] = [x * width, (at - tall) * height, wide * width, tall * height];
      const roof = between(random, [0.04, 0.09]) * height;
      const wall = pick(random, walls);
      parts.push(
        `<rect x="${f(left)}" y="${f(top)}" width="${f(w + 1)}" height="${
          f(h + 1)
        }" fill="${wall}"/>`,
        `<path d="M${f(left - 3)} ${f(top)}L${f(left + w / 2)} ${f(top - roof)}L${
          f(left + w + 3)
        } ${f(top)}Z" fill="${pick(random, roofs)}"/>`,
        `<rect x="${f(left + w * 0.86)}" y="${f(top)}" width="${f(w * 0.14)}" height="${
          f(h)
        }" fill="${shade(wall, 0.88)}"/>`,
      );
      const rows = Math.max(2, Math.round(tall / 0.1));
      for (let row = 0; row < rows; row++) {
        for (const share of [0.12, 0.4, 0.66]) {
          const y = top + h * (row + 0.22) / rows;
          parts.push(
            `<rect x="${f(left + w * share)}" y="${f(y)}" width="${f(w * 0.17)}" height="${
              f(h / rows * 0.52)
            }" rx="2" fill="${pick(random, windows)}"/>`,
          );
        }
      }
      x += wide;
    }
    return parts.join("");
  };
}

/** Lights out of focus: large soft discs, as a lens draws them. */
export function bokeh({ count, colours }: { count: number; colours: string[] }): Piece {
  return (random, { width, height }) =>
    Array.from({ length: count }, (_, i) => {
      const r = between(random, [0.025, 0.1]) * height * (i % 4 === 0 ? 1.3 : 1);
      const colour = pick(random, colours);
      const at = `cx="${f(random() * width)}" cy="${
        f(between(random, [0.05, 0.95]) * height)
      }" r="${f(r)}"`;
      const opacity = between(random, [0.25, 0.7]).toFixed(2);
      return `<circle ${at} fill="${colour}" fill-opacity="${opacity}" stroke="${
        shade(colour, 1.5)
      }" stroke-opacity="0.35" stroke-width="${f(r * 0.06)}"/>`;
    }).join("");
}

/** A meadow's flowers below the line `from`: small and dense far away, larger near. */
export function flowers(
  { from, count, colours }: { from: number; count: number; colours: string[] },
): Piece {
  return (random, { width, height }) => {
    const depths = Array.from({ length: count }, () => random() ** 1.4).sort((a, b) => a - b);
    return depths.map((depth) => {
      const x = random() * width;
      const y = (from + (1.02 - from) * depth) * height;
      const r = (0.004 + 0.017 * depth) * height;
      const colour = pick(random, colours);
      const petals = depth < 0.35
        ? `<circle cx="${f(x)}" cy="${f(y)}" r="${f(r)}" fill="${colour}"/>`
        : [0, 72, 144, 216, 288]
          .map((turn) =>
            `<ellipse cx="${f(x)}" cy="${f(y - r * 0.75)}" rx="${f(r * 0.5)}" ry="${
              f(r * 0.75)
            }" fill="${colour}" transform="rotate(${turn} ${f(x)} ${f(y)})"/>`
          )
          .join("") + `<circle cx="${f(x)}" cy="${f(y)}" r="${f(r * 0.38)}" fill="#f2c14e"/>`;
      return `<path d="M${f(x)} ${f(y)}q${f(r * 0.4)} ${f(r * 1.6)} 0 ${
        f(r * 3)
      }" stroke="#3f7d3a" stroke-width="${f(r * 0.24)}" fill="none"/>${petals}`;
    }).join("");
  };
}

/** Hot-air balloons. */
export function balloons({ count, colours }: { count: number; colours: string[] }): Piece {
  return (random, { width, height }) =>
    Array.from({ length: count }, (_, i) => {
      const x = (i + between(random, [0.2, 0.8])) / count * width;
      const y = between(random, [0.14, 0.5]) * height;
      const s = between(random, [0.05, 0.11]) * height;
      const [main, band] = [pick(random, colours), pick(random, colours)];
      return `<g transform="translate(${f(x)} ${f(y)}) scale(${f(s)})">` +
        `<path d="M-0.24 1.32L-0.5 0.7M0.24 1.32L0.5 0.7" stroke="#5b4a3a" stroke-width="0.05"/>` +
        `<path d="M0-1C0.62-1 1-0.56 1-0.04C1 0.5 0.5 0.86 0.26 1.08L-0.26 1.08C-0.5 0.86-1 0.5-1-0.04C-1-0.56-0.62-1 0-1Z" fill="${main}"/>` +
        `<path d="M0-1C0.3-1 0.46-0.56 0.46-0.04C0.46 0.5 0.24 0.86 0.12 1.08L-0.12 1.08C-0.24 0.86-0.46 0.5-0.46-0.04C-0.46-0.56-0.3-1 0-1Z" fill="${band}"/>` +
        `<path d="M0-1C0.62-1 1-0.56 1-0.04C1 0.5 0.5 0.86 0.26 1.08C0.9 0.3 0.7-0.7 0-1Z" fill-opacity="0.12"/>` +
        `<rect x="-0.24" y="1.3" width="0.48" height="0.3" rx="0.06" fill="#7a5230"/></g>`;
    }).join("");
}
