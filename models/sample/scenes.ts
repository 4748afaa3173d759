import { conifers, disc, leafTrees, peaks, type Piece, ridge, specks, water } from "./landforms.ts";
import { between, pick, type Random } from "./random.ts";
import type { Sky } from "./sky.ts";
import { balloons, birds, boat, bokeh, flowers, houses } from "./things.ts";

/** A place: its sky, and what stands in front of it, from far to near. */
export interface Scene {
  sky: Sky;
  pieces: Piece[];
}

/** The scenes by name; each call draws another place of that kind. */
export const scenes = {
  sunset: (random: Random): Scene => {
    const x = between(random, [0.2, 0.8]);
    const at = between(random, [0.6, 0.7]);
    const [high, middle, low] = pick(random, [
      ["#5a3a72", "#d9622f", "#ffc25c"],
      ["#4a3a6b", "#c9503a", "#ffb054"],
      ["#7a3f52", "#ee7b2c", "#ffd27a"],
    ]);
    const sun = disc({
      x,
      y: at - between(random, [0.04, 0.13]),
      radius: 0.055,
      colour: "#fff0bd",
    });
    const overSea = random() < 0.5;
    return {
      sky: {
        stops: [[0, high], [at * 0.6, middle], [at, low], [1, low]],
        clouds: { colour: pick(random, ["#8d3b4a", "#f7a15a", "#6b3a5c"]), cover: 0.5, bottom: at },
        glow: { x, y: at - 0.07, radius: 0.5, colour: "#ffdf8a", strength: 0.75 },
      },
      pieces: overSea
        ? [
          sun,
          water({ at, colours: ["#d9743a", "#3a2340"], light: x, glint: "#ffe3a0" }),
          boat({ at, sail: "#3a2233" }),
        ]
        : [
          sun,
          ridge({ at: at + 0.02, relief: 0.1, colour: "#8a4444", jagged: 0.12 }),
          ridge({ at: at + 0.11, relief: 0.09, colour: "#552c3c" }),
          conifers({ at: at + 0.17, tall: 0.12, count: 14, colours: ["#2e1a2a", "#38202f"] }),
          ridge({ at: at + 0.2, relief: 0.06, colour: "#2b1826" }),
        ],
    };
  },
  night: (random: Random): Scene => {
    const x = between(random, [0.15, 0.85]);
    const y = between(random, [0.14, 0.3]);
    return {
      sky: {
        stops: [[0, "#080c20"], [0.55, "#182448"], [0.8, "#2a3560"], [1, "#10162c"]],
        clouds: { colour: "#2c3a66", cover: between(random, [0.36, 0.5]) },
        glow: { x, y, radius: 0.4, colour: "#6f83bd", strength: 0.5 },
      },
      pieces: [
        specks({
          count: 130,
          from: 0,
          to: 0.62,
          sizes: [0.6, 2.4],
          colours: ["#ffffff", "#cfdcff", "#ffe9c4"],
        }),
        disc({ x, y, radius: between(random, [0.035, 0.06]), colour: "#f3efd8" }),
        ridge({ at: 0.66, relief: 0.14, colour: "#141b36", jagged: 0.1 }),
        specks({
          count: 26,
          from: 0.74,
          to: 0.8,
          sizes: [1.6, 3.4],
          colours: ["#ffca6b", "#ffe2a0"],
        }),
        conifers({
          at: 0.86,
          tall: between(random, [0.12, 0.24]),
          count: 16,
          colours: ["#0b1122", "#0e1528"],
        }),
        ridge({ at: 0.86, relief: 0.06, colour: "#090d1b" }),
      ],
    };
  },
  snow: (random: Random): Scene => {
    const x = between(random, [0.1, 0.9]);
    const falling = random() < 0.5;
    return {
      sky: {
        stops: [[0, falling ? "#c3cdd9" : "#9fc0e2"], [0.6, "#e6edf4"], [1, "#f4f7fb"]],
        clouds: { colour: "#ffffff", cover: falling ? 0.62 : 0.46 },
        glow: { x, y: 0.3, radius: 0.5, colour: "#fff7e6", strength: 0.6 },
      },
      pieces: [
        peaks({ at: 0.56, count: 4, colour: "#b4c3d6", snow: "#f8fbff" }),
        ridge({ at: 0.62, relief: 0.08, colour: "#dfe8f2" }),
        conifers({ at: 0.7, tall: 0.13, count: 18, colours: ["#8fa5b5", "#9db2c0", "#7f97a8"] }),
        ridge({ at: 0.72, relief: 0.07, colour: "#eaf1f8" }),
        conifers({
          at: 0.84,
          tall: 0.24,
          count: Math.floor(between(random, [4, 8])),
          colours: ["#5c7a80", "#6d8a90"],
        }),
        ridge({ at: 0.85, relief: 0.08, colour: "#f5f9fd" }),
        ...(falling
          ? [
            specks({
              count: 140,
              from: 0,
              to: 1,
              sizes: [1.4, 5],
              colours: ["#ffffff"],
              opacity: [0.5, 0.95],
            }),
          ]
          : []),
      ],
    };
  },
  forest: (random: Random): Scene => {
    const x = between(random, [0.2, 0.8]);
    const greens = pick(random, [
      ["#a9c8a0", "#6f9f6a", "#3f7a45", "#285a33", "#17402a"],
      ["#b9cf9a", "#86ab58", "#55873a", "#37652c", "#214724"],
      ["#9cc4b0", "#5f9c7c", "#35785a", "#225a45", "#123f33"],
    ]);
    const row = (i: number, at: number, [tall, count]: [number, number]) =>
      conifers({ at, tall, count, colours: [greens[i], greens[Math.min(4, i + 1)]] });
    return {
      sky: {
        stops: [[0, "#dcebd0"], [0.5, "#c5dfb4"], [1, greens[2]]],
        glow: { x, y: 0.18, radius: 0.45, colour: "#fffbe0", strength: 0.8 },
      },
      pieces: [
        row(0, 0.52, [0.34, 24]),
        ridge({ at: 0.5, relief: 0.05, colour: greens[1] }),
        row(1, 0.66, [0.46, 17]),
        ridge({ at: 0.64, relief: 0.06, colour: greens[2] }),
        row(2, 0.82, [0.6, 11]),
        ridge({ at: 0.82, relief: 0.06, colour: greens[3] }),
        row(3, 1.0, [0.74, 5]),
        ridge({ at: 0.95, relief: 0.05, colour: greens[4] }),
      ],
    };
  },
  sea: (random: Random): Scene => {
    const at = between(random, [0.36, 0.48]);
    const x = between(random, [0.15, 0.85]);
    const [near, far] = pick(random, [["#0f4f86", "#3fa6c9"], ["#0c5f7d", "#4fb9c4"], [
      "#123f73",
      "#3585bb",
    ]]);
    return {
      sky: {
        stops: [[0, "#6db3e3"], [at, "#d6edf7"], [1, "#d6edf7"]],
        clouds: { colour: "#ffffff", cover: between(random, [0.4, 0.55]), bottom: at },
        glow: { x, y: 0.1, radius: 0.4, colour: "#fffbe6", strength: 0.5 },
      },
      pieces: [
        ...(random() < 0.6 ? [ridge({ at: at - 0.005, relief: 0.06, colour: "#7fa3b8" })] : []),
        water({ at, colours: [far, near], light: x }),
        boat({ at, sail: pick(random, ["#ffffff", "#f6efe0", "#e9573f"]) }),
        ...(random() < 0.5 ? [boat({ at, sail: "#fdfdfd" })] : []),
        birds(5),
      ],
    };
  },
  sky: (random: Random): Scene => ({
    sky: {
      stops: [[0, pick(random, ["#2f7cc8", "#3f8ed6", "#2a6ab4"])], [0.75, "#9fd0f0"], [
        1,
        "#cbe6f6",
      ]],
      clouds: { colour: "#ffffff", cover: between(random, [0.42, 0.56]), bottom: 1.1 },
      glow: {
        x: between(random, [0.1, 0.9]),
        y: 0.15,
        radius: 0.3,
        colour: "#e9f6ff",
        strength: 0.5,
      },
    },
    pieces: [
      birds(Math.floor(between(random, [3, 9]))),
      ...(random() < 0.5
        ? [
          balloons({
            count: Math.floor(between(random, [1, 4])),
            colours: ["#e4572e", "#f3a712", "#2e86ab", "#8a4fa3"],
          }),
        ]
        : []),
      ridge({ at: 0.95, relief: 0.05, colour: "#6d9a74" }),
    ],
  }),
  meadow: (random: Random): Scene => ({
    sky: {
      stops: [[0, "#7dbde8"], [0.5, "#dff0f5"], [1, "#dff0f5"]],
      clouds: { colour: "#ffffff", cover: 0.5, bottom: 0.5 },
      glow: {
        x: between(random, [0.1, 0.9]),
        y: 0.1,
        radius: 0.4,
        colour: "#fff6d8",
        strength: 0.6,
      },
    },
    pieces: [
      ridge({ at: 0.46, relief: 0.1, colour: "#8fb5a8" }),
      ridge({ at: 0.53, relief: 0.08, colour: "#86b564" }),
      leafTrees({
        at: 0.57,
        tall: 0.16,
        count: Math.floor(between(random, [3, 7])),
        colours: ["#4f8b3e", "#5f9c48", "#3f7a3c"],
      }),
      ridge({ at: 0.6, relief: 0.06, colour: "#74ac4e" }),
      flowers({
        from: 0.66,
        count: 150,
        colours: pick(random, [
          ["#e63e2c", "#f2cf4a", "#ffffff"],
          ["#8f5fc4", "#b98be0", "#f4f0ff"],
          ["#f4c430", "#ffffff", "#f08a24"],
        ]),
      }),
    ],
  }),
  desert: (random: Random): Scene => {
    const x = between(random, [0.2, 0.8]);
    return {
      sky: {
        stops: [[0, "#6aa7cf"], [0.5, "#f3dfc0"], [1, "#f3dfc0"]],
        glow: { x, y: 0.22, radius: 0.45, colour: "#fff1c9", strength: 0.8 },
      },
      pieces: [
        disc({ x, y: 0.22, radius: 0.05, colour: "#fff6da" }),
        ridge({ at: 0.52, relief: 0.12, colour: "#d9a56b" }),
        ridge({ at: 0.64, relief: 0.14, colour: "#cf8f4f" }),
        ridge({ at: 0.78, relief: 0.16, colour: "#bd7638" }),
        ridge({ at: 0.94, relief: 0.12, colour: "#96562a" }),
      ],
    };
  },
  autumn: (random: Random): Scene => ({
    sky: {
      stops: [[0, "#b9cfda"], [0.5, "#f2e6d0"], [1, "#e0c08a"]],
      glow: {
        x: between(random, [0.1, 0.9]),
        y: 0.25,
        radius: 0.5,
        colour: "#fff2cc",
        strength: 0.7,
      },
    },
    pieces: [
      ridge({ at: 0.5, relief: 0.12, colour: "#b7a07e" }),
      leafTrees({
        at: 0.6,
        tall: 0.24,
        count: 10,
        colours: ["#d98f2b", "#c96a24", "#e0b03c", "#a9532a"],
      }),
      ridge({ at: 0.62, relief: 0.06, colour: "#b98a42" }),
      leafTrees({
        at: 0.84,
        tall: 0.46,
        count: Math.floor(between(random, [3, 6])),
        colours: ["#d9711f", "#e39a2b", "#b8481f"],
      }),
      ridge({ at: 0.86, relief: 0.05, colour: "#8d5f2d" }),
      specks({
        count: 60,
        from: 0.86,
        to: 1,
        sizes: [3, 9],
        colours: ["#e0912f", "#c75b22", "#f0bd4a"],
      }),
    ],
  }),
  town: (random: Random): Scene => ({
    sky: {
      stops: [[0, "#5e9bd0"], [0.6, "#d9e8ee"], [1, "#d9e8ee"]],
      clouds: { colour: "#ffffff", cover: 0.5, bottom: 0.6 },
      glow: {
        x: between(random, [0.1, 0.9]),
        y: 0.2,
        radius: 0.4,
        colour: "#fff3da",
        strength: 0.5,
      },
    },
    pieces: [
      houses({
        at: 0.72,
        walls: ["#b9c4cc", "#c9c0b4", "#aebccb"],
        windows: ["#8798a8", "#e6edf2"],
        roofs: ["#8f7a70", "#7d8794"],
      }),
      houses({
        at: 0.88,
        walls: ["#e8c170", "#d7795b", "#8fb3a2", "#f0e3c8", "#6f95b5", "#b56a5a"],
        windows: ["#2f4a63", "#f7f3e6", "#3f6078"],
        roofs: ["#8a3f2e", "#5f4a44", "#a1552f"],
      }),
      ridge({ at: 0.9, relief: 0.015, colour: "#8b8478" }),
    ],
  }),
  lights: (random: Random): Scene => ({
    sky: { stops: [[0, "#1a1430"], [0.6, "#3a2438"], [1, "#1c1220"]] },
    pieces: [bokeh({
      count: 46,
      colours: pick(random, [["#ffb347", "#ff7b3a", "#ffd98a", "#6fb7ff"], [
        "#4fd1c5",
        "#f6d365",
        "#ff8a5c",
        "#8f9bff",
      ]]),
    })],
  }),
};

export type SceneName = keyof typeof scenes;
