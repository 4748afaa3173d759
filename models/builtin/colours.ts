import type { Colour } from "./palette.ts";

/**
 * Colour names as people use them, each by a few examples (light, deep, dull). "lightblue", "navy",
 * "lightgreen" are kept apart from "blue" and "green" because skies, nights and meadows are made of
 * them; the words "blue" and "green" mean both.
 */
export const namedColours: Record<string, Colour[]> = {
  red: [[209, 26, 26], [160, 22, 26], [228, 66, 54], [120, 16, 22]],
  orange: [[245, 130, 22], [226, 104, 36], [252, 165, 76], [205, 96, 24]],
  yellow: [[247, 215, 22], [255, 232, 112], [222, 186, 36]],
  green: [[31, 154, 56], [24, 92, 50], [58, 122, 58], [30, 66, 42], [20, 130, 90]],
  lightgreen: [[122, 176, 84], [156, 202, 128], [150, 190, 40], [104, 150, 70]],
  turquoise: [[31, 181, 173], [92, 196, 204], [20, 124, 134], [64, 168, 192]],
  blue: [[26, 79, 209], [48, 116, 192], [18, 84, 140], [38, 62, 150]],
  lightblue: [[130, 185, 230], [176, 212, 240], [96, 158, 216], [204, 226, 240]],
  navy: [[20, 30, 72], [12, 18, 42], [36, 46, 88]],
  purple: [[122, 47, 176], [150, 100, 190], [84, 46, 106], [178, 142, 212]],
  pink: [[245, 139, 184], [240, 184, 204], [230, 80, 150]],
  brown: [[122, 74, 34], [88, 54, 32], [154, 100, 58], [64, 42, 32], [180, 124, 76]],
  black: [[10, 10, 10], [28, 27, 28]],
  white: [[252, 252, 252], [236, 241, 246]],
  grey: [[134, 134, 134], [92, 93, 95], [178, 181, 184], [60, 61, 63]],
  beige: [[224, 198, 162], [242, 222, 192], [206, 176, 140]],
};

export const colourNames = Object.keys(namedColours);

/** Thirds of the picture, from the top. */
export const bands = ["top", "middle", "bottom"] as const;

/** What the embedding's further dimensions measure, each 0…1. */
export const moods = ["bright", "dark", "busy", "plain"] as const;

/** Length of the embedding of pictures and words. */
export const visualDimension = colourNames.length * bands.length + moods.length;

/** Where a colour in a band, or a mood, lies in the embedding. */
export function dimensionOf(name: string, band?: (typeof bands)[number]): number {
  const index = band === undefined
    ? moods.findIndex((mood) => mood === name) + colourNames.length * bands.length
    : colourNames.indexOf(name) * bands.length + bands.indexOf(band);
  const known = band === undefined
    ? moods.some((mood) => mood === name)
    : colourNames.includes(name);
  if (!known) throw new Error(`the embedding has no dimension for ${name}`);
  return index;
}
