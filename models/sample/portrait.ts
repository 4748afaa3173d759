import type { Character } from "./characters.ts";
import { shade } from "./colour.ts";

export const moods = ["smile", "laugh", "calm"] as const;

/**
 * Where a face is: the point between the eyes, the eyes' distance (pixels) and the tilt (degrees);
 * and its expression.
 */
export interface Pose {
  mood: (typeof moods)[number];
  x: number;
  y: number;
  eyes: number;
  tilt: number;
}

/**
 * The face in units of a tenth of the eyes' distance, from the point between the eyes. Eyes, nose and
 * mouth lie where ArcFace's alignment puts them (35.3 pixels between the eyes of a 112-pixel crop).
 */
export const face = {
  eye: { x: 5, y: 0 },
  cheek: { x: 7.4, y: 6.4, radius: 2.3 },
  nose: { x: 0, y: 5.7 },
  mouth: { x: 4.15, y: 11.5 },
  box: { left: -11.5, top: -11, right: 11.5, bottom: 17.5 },
} as const;

/** The character as an SVG group, head and shoulders, at that pose. */
export function drawCharacter(who: Character, pose: Pose): string {
  const scale = pose.eyes / 10;
  const at = `translate(${n(pose.x)} ${n(pose.y)}) scale(${n(scale)})`;
  // The shoulders follow the head's tilt only a little, and hang from the tilted neck.
  const [neckX, neckY] = turn([0, 17], pose.tilt);
  const torso = `translate(${n(neckX)} ${n(neckY)}) rotate(${
    n(pose.tilt * 0.25)
  }) translate(0 -17)`;
  const tilt = `rotate(${n(pose.tilt)})`;
  return `<g transform="${at}"><g transform="${tilt}">${hairBehind(who)}</g>` +
    `<g transform="${torso}">${body(who)}</g>` +
    `<g transform="${tilt}">${head(who)}${hairInFront(who)}${features(who, pose.mood)}</g></g>`;
}

/** Box around the face in pixels (x, y, width, height): upright around the tilted face's box. */
export function faceBox(pose: Pose): [number, number, number, number] {
  const scale = pose.eyes / 10;
  const { left, top, right, bottom } = face.box;
  const [cx, cy] = turn([(left + right) / 2, (top + bottom) / 2], pose.tilt);
  const [width, height] = [(right - left) * scale, (bottom - top) * scale];
  return [pose.x + cx * scale - width / 2, pose.y + cy * scale - height / 2, width, height];
}

/** The five landmarks in pixels: eyes, nose, corners of the mouth. */
export function faceLandmarks(pose: Pose): [number, number][] {
  const { eye, nose, mouth } = face;
  const points: [number, number][] = [
    [-eye.x, eye.y],
    [eye.x, eye.y],
    [nose.x, nose.y],
    [-mouth.x, mouth.y],
    [mouth.x, mouth.y],
  ];
  return points.map((point) => {
    const [x, y] = turn(point, pose.tilt);
    return [pose.x + x * pose.eyes / 10, pose.y + y * pose.eyes / 10];
  });
}

function turn([x, y]: [number, number], degrees: number): [number, number] {
  const [cos, sin] = [Math.cos(degrees * Math.PI / 180), Math.sin(degrees * Math.PI / 180)];
  return [x * cos - y * sin, x * sin + y * cos];
}

function n(value: number): string {
  return value.toFixed(3);
}

function path(d: string, fill: string, more = ""): string {
  return `<path d="${d}" fill="${fill}" ${more}/>`;
}

function ellipse(cx: number, cy: number, [rx, ry]: [number, number], fill: string): string {
  return `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}"/>`;
}

function hairBehind({ style, top }: Character): string {
  const dark = shade(top, 0.86);
  switch (style) {
    case "long":
      return path(
        "M-13-2C-15-18 15-18 13-2C14 8 16 16 14 25C6 29-6 29-14 25C-16 16-14 8-13-2Z",
        dark,
      );
    case "bun":
      return ellipse(0, -18.5, [5.2, 4.6], dark);
    case "curls":
      return [[-11, -6], [-12.5, 1], [-12, 8], [11, -6], [12.5, 1], [12, 8]]
        .map(([x, y]) => ellipse(x, y, [5, 5.2], dark)).join("");
    case "hood":
      return path("M-15 22C-20-8-12-19 0-19C12-19 20-8 15 22Z", dark);
    default:
      return "";
  }
}

function body({ clothes, skin }: Character): string {
  return path("M-29 150L-27 52C-26 34-21 26-8 23.5L8 23.5C21 26 26 34 27 52L29 150Z", clothes) +
    path(
      "M-29 150L-27 52C-26 34-21 26-8 23.5L-5 23.5C-15 30-19 40-19 60L-19 150Z",
      shade(clothes, 0.9),
    ) +
    path("M-4.6 14L-4.8 23C-5 28 5 28 4.8 23L4.6 14Z", shade(skin, 0.84)) +
    path("M-8.4 23.3C-5 32 5 32 8.4 23.3L5 22.6C4 28-4 28-5 22.6Z", shade(clothes, 1.12));
}

function head({ skin, beard, style }: Character): string {
  const ears = style === "hood" || style === "long" ? "" : [-11.6, 11.6]
    .map((x) =>
      ellipse(x, 3.4, [2, 2.8], shade(skin, 0.9)) + ellipse(x, 3.4, [1, 1.6], shade(skin, 0.8))
    )
    .join("");
  const shape =
    "M-11.5-1C-11.5-9-7-13 0-13C7-13 11.5-9 11.5-1C11.5 9 8 17.5 0 17.5C-8 17.5-11.5 9-11.5-1Z";
  const whiskers = beard === undefined ? "" : path(
    "M-11.3 3.2C-11 11-8 18.6 0 18.6C8 18.6 11 11 11.3 3.2C10.6 8.4 8.6 9.2 5.4 9.2C3 8.2-3 8.2-5.4 9.2C-8.6 9.2-10.6 8.4-11.3 3.2Z",
    beard,
  );
  const shadow = path(
    "M4-12.6C8.4-11 11.5-7.6 11.5-1C11.5 9 8 17.5 0 17.5C7 14 9.4 4 4-12.6Z",
    shade(skin, 0.95),
  );
  return ears + path(shape, skin) + shadow + whiskers;
}

function hairInFront({ style, top }: Character): string {
  const light = shade(top, 1.12);
  const dark = shade(top, 0.88);
  const crown = "M-12.2 0C-14.5-17.5-5-17.8 0-17.8C5-17.8 14.5-17.5 12.2 0C11.4-3.4 10.4-6 8.6-7.4";
  switch (style) {
    case "short":
      return path(`${crown}C4-5.8-2-6.2-6-9C-8.6-7.4-11-5-12.2 0Z`, top) +
        path("M-6-15.6C-2-17 4-16.8 7-15C3-15.4-3-15.2-7-13.4Z", light);
    case "long":
      return path(`${crown}C3-6.6-3-7.6-4.6-10.6C-7-7-10.6-5-11.6 6C-13.6 3-13 1-12.2 0Z`, top) +
        path("M11-5C13.4 2 13 10 13.4 18C10.6 12 11.6 4 11-5Z", top) +
        path("M-7-14.6C-2-17 4-16.6 8-14.4C3-15.4-3-14.8-8-12Z", light);
    case "bun":
      return path(`${crown}C5-8.6-5-8.6-8.6-7.4C-10.4-6-11.4-3.4-12.2 0Z`, top) +
        path("M-5-16C-2-17 2-17 5-16C2-16-2-16-5-14.6Z", light);
    case "curls":
      return [[-9, -10], [-5, -14], [0, -15.4], [5, -14], [9, -10], [-3, -10.6], [3, -10.6]]
        .map(([x, y], i) => ellipse(x, y, [4.6, 4.4], i % 2 ? shade(top, 1.07) : top)).join("");
    case "cap":
      return path("M-12.4-6C-13-19 13-19 12.4-6C6-8.4-6-8.4-12.4-6Z", top) +
        path("M-12.6-6.2C-6-9.2 8-9.2 18-5.2C17-3.6 8-6.2-12.6-4.6Z", dark) +
        path("M-3-16C-1-16.4 1-16.4 3-16L2.6-8C1-8.2-1-8.2-2.6-8Z", light);
    case "beanie":
      return path("M-12.4-7C-12.6-20 12.6-20 12.4-7Z", top) + ellipse(0, -18, [3, 2.8], light) +
        `<rect x="-13" y="-9.6" width="26" height="4.6" rx="2.2" fill="${dark}"/>`;
    case "wrap":
      return path("M-12.6-4.6C-15-20 15-20 12.6-4.6C7-10-7-10-12.6-4.6Z", top) +
        path("M-12.8-5C-8-13 4-16 11-13.8C6-12-4-10-12.8-5Z", light) +
        ellipse(6.4, -16, [4.2, 3], dark);
    case "hood":
      return path(
        "M-15 20C-17-8-12-18 0-18C12-18 17-8 15 20C10 16 11.6 6 10.6-3C9-9 5-10.6 0-10.6C-5-10.6-9-9-10.6-3C-11.6 6-10 16-15 20Z",
        top,
      ) + path("M-9-13C-4-16.4 4-16.4 9-13C4-15-4-15-9-13Z", light);
  }
}

function features(who: Character, mood: Pose["mood"]): string {
  const { skin, iris, glasses, freckles, top, beard, style } = who;
  const brow = ["cap", "beanie", "wrap", "hood"].includes(style)
    ? shade(skin, 0.5)
    : shade(top, 0.7);
  const sides = [-1, 1].map((side) => {
    const x = side * face.eye.x;
    const lens = glasses === undefined
      ? ""
      : `<rect x="${
        x - 4.3
      }" y="-4.3" width="8.6" height="8.6" rx="3.6" fill="none" stroke="${glasses}" stroke-width="1.1"/>`;
    return ellipse(x, 0, [2.9, 3.2], "#fdfdfb") + ellipse(x, 0.1, [2, 2.15], iris) +
      ellipse(x, 0.1, [1.35, 1.45], "#1d1a20") + ellipse(x + 0.7, -0.75, [0.5, 0.5], "#ffffff") +
      path(
        `M${x - 2.6}-4.9Q${x}-6.3 ${x + 2.6}-4.9`,
        "none",
        `stroke="${brow}" stroke-width="1" stroke-linecap="round"`,
      ) +
      ellipse(
        side * face.cheek.x,
        face.cheek.y,
        [face.cheek.radius, face.cheek.radius * 0.87],
        "#f0697f",
      ) +
      lens;
  }).join("");
  const spots = !freckles
    ? ""
    : [[-2.6, 5], [2.6, 5], [-3.6, 6.4], [3.6, 6.4], [-2.3, 7.4], [2.3, 7.4]]
      .map(([x, y]) => ellipse(x, y, [0.42, 0.42], "#a8633a")).join("");
  const bridge = glasses === undefined
    ? ""
    : path("M-0.9-0.9Q0-1.6 0.9-0.9", "none", `stroke="${glasses}" stroke-width="1"`);
  const nose = path(
    "M-0.2 2.6Q-1.9 6.2 0.9 6.5",
    "none",
    `stroke="${shade(skin, 0.78)}" stroke-width="0.9" stroke-linecap="round"`,
  );
  return sides + spots + bridge + nose + mouth(mood, beard === undefined ? "#6b2530" : "#57222a");
}

/** The corners are where the landmarks are, whatever the expression. */
function mouth(mood: Pose["mood"], lips: string): string {
  const rim = `stroke="${lips}" stroke-width="0.5" stroke-linejoin="round"`;
  switch (mood) {
    case "smile":
      return path("M-4.15 10.9Q0 15.6 4.15 10.9Q0 12.4-4.15 10.9Z", lips, rim);
    case "laugh":
      return path("M-4.15 10.7Q0 11.3 4.15 10.7Q3.4 14.2 0 14.2Q-3.4 14.2-4.15 10.7Z", lips, rim) +
        path("M-2.3 13.2Q0 11.9 2.3 13.2Q1.2 14.1 0 14.1Q-1.2 14.1-2.3 13.2Z", "#b8524a");
    case "calm":
      return path(
        "M-4.15 11.3Q0 13.4 4.15 11.3",
        "none",
        `stroke="${lips}" stroke-width="1.1" stroke-linecap="round"`,
      );
  }
}
