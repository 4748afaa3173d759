import { bands, colourNames, dimensionOf, visualDimension } from "./colours.ts";

/**
 * What a word looks like: colours anywhere (`all`) or in one third of the picture, and moods; a
 * negative figure says what must not be there.
 */
interface Look {
  all?: Record<string, number>;
  top?: Record<string, number>;
  middle?: Record<string, number>;
  bottom?: Record<string, number>;
  moods?: Record<string, number>;
}

const warm = {
  red: 1,
  orange: 1,
  yellow: 1,
  brown: 0.5,
  pink: 0.4,
  beige: 0.4,
  lightblue: -0.5,
  blue: -0.5,
};
const cold = {
  blue: 1,
  lightblue: 1,
  turquoise: 0.7,
  navy: 0.5,
  white: 0.4,
  orange: -0.5,
  red: -0.5,
  brown: -0.5,
};

/** The words the demonstration models know, synonyms together. */
const looks: Record<string, Look> = {
  "red crimson scarlet": { all: { red: 1 } },
  "orange amber": { all: { orange: 1 } },
  "yellow gold golden": { all: { yellow: 1 } },
  "green": { all: { green: 1, lightgreen: 0.6 } },
  "turquoise teal cyan": { all: { turquoise: 1 } },
  "blue": { all: { blue: 1, lightblue: 0.55, navy: 0.35 } },
  "purple violet lilac": { all: { purple: 1 } },
  "pink rose": { all: { pink: 1 } },
  "brown": { all: { brown: 1 } },
  "black": { all: { black: 1 }, moods: { dark: 0.4 } },
  "white": { all: { white: 1 }, moods: { bright: 0.4 } },
  "grey gray": { all: { grey: 1 } },
  "beige cream sand": { all: { beige: 1 } },
  "navy": { all: { navy: 1 } },
  "dark dim": { moods: { dark: 1, bright: -1 } },
  "bright light": { moods: { bright: 1, dark: -1 } },
  "warm": { all: warm },
  "cold cool": { all: cold },
  "colourful colorful": {
    all: { red: 1, yellow: 1, turquoise: 0.8, purple: 0.8, pink: 0.8, orange: 0.8, blue: 0.6 },
    moods: { busy: 0.5 },
  },
  "plain simple minimal calm": { moods: { plain: 1, busy: -1 } },
  "busy crowded detailed": { moods: { busy: 1, plain: -1 } },
  "sunset sunrise dusk dawn": {
    top: { brown: 0.8, orange: 0.4, red: 0.35, purple: 0.35, lightblue: -0.5 },
    middle: { orange: 1, yellow: 0.5, brown: 0.4, red: 0.2, beige: 0.2 },
    bottom: { brown: 0.8, black: 0.3, purple: 0.2, orange: 0.2, grey: 0.2, green: -0.3 },
    moods: { plain: -0.2 },
  },
  "night moonlight stars": {
    top: { navy: 0.9, black: 0.5, blue: 0.2 },
    middle: { navy: 1, black: 0.4 },
    bottom: { navy: 0.8, black: 0.7 },
    moods: { dark: 0.8 },
  },
  "snow snowy winter ice": {
    top: { lightblue: 0.5, white: 0.6, grey: 0.3, blue: -0.3 },
    middle: { white: 0.9, grey: 0.4, lightblue: 0.4 },
    bottom: { white: 1.2, lightblue: 0.3, grey: 0.2, green: -0.4 },
    moods: { bright: 0.5, plain: -0.1 },
  },
  "forest woods trees": {
    top: { green: 0.5, lightgreen: 0.5, white: 0.3, beige: 0.25, lightblue: -0.4 },
    middle: { green: 1, lightgreen: 0.3 },
    bottom: { green: 1.1, lightgreen: 0.1, brown: 0.2 },
    moods: { busy: 0.4, plain: -0.3 },
  },
  "meadow grass field": {
    top: { lightblue: 0.9, white: 0.4 },
    middle: { lightgreen: 0.8, green: 0.4, lightblue: 0.2 },
    bottom: { lightgreen: 1.1, green: 0.6 },
    moods: { plain: -0.2 },
  },
  "sea ocean water lake": {
    top: { lightblue: 0.7, white: 0.3 },
    middle: { turquoise: 0.7, blue: 0.6, lightblue: 0.2 },
    bottom: { blue: 1, turquoise: 0.8, green: -0.4, lightblue: -0.2 },
    moods: { plain: 0.2 },
  },
  "sky clouds cloudy air": {
    top: { blue: 0.6, lightblue: 0.9, white: 0.3 },
    middle: { lightblue: 1.1, white: 0.5, blue: 0.2 },
    bottom: { lightblue: 0.9, white: 0.4, lightgreen: 0.2, blue: -0.2 },
  },
  "desert dunes beach": {
    top: { lightblue: 0.4, beige: 0.5, grey: 0.2, lightgreen: -0.3 },
    middle: { beige: 1, brown: 0.5, orange: -0.2 },
    bottom: { brown: 1.1, orange: 0.3, beige: 0.3 },
    moods: { plain: 0.1 },
  },
  "autumn fall leaves": {
    top: { lightblue: 0.3, beige: 0.4, grey: 0.4, white: 0.2 },
    middle: { orange: 1, brown: 0.5, beige: 0.2, yellow: 0.3, red: 0.3 },
    bottom: { brown: 1, orange: 0.4, yellow: 0.2, red: 0.2 },
    moods: { busy: 0.4, plain: -0.3 },
  },
};

/** Every word with its unit vector, in the order of the vocabulary's numbers. */
export function wordVectors(): { word: string; vector: Float32Array }[] {
  return Object.entries(looks).flatMap(([words, look]) => {
    const vector = unit(vectorOf(look));
    return words.split(" ").map((word) => ({ word, vector }));
  });
}

function vectorOf(look: Look): Float32Array {
  const vector = new Float32Array(visualDimension);
  for (const band of bands) {
    for (const name of colourNames) {
      vector[dimensionOf(name, band)] = (look.all?.[name] ?? 0) + (look[band]?.[name] ?? 0);
    }
  }
  for (const [mood, value] of Object.entries(look.moods ?? {})) vector[dimensionOf(mood)] = value;
  return vector;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
