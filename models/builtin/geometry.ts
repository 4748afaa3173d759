/**
 * What the detector knows of a drawn face, as linear functions of four points: left eye, right eye,
 * left cheek, right cheek (x and y of each: eight channels, in units of a tenth of the distance
 * between the eyes, from the cell's corner; x to the right, y down).
 */

/** A linear function: channel → weight, and a constant under `one`. */
export type Row = Record<string, number>;

/** The drawn face around its anchor, the middle between eyes and cheeks. */
export const anatomy = {
  eye: { x: 5, y: -3.2 },
  cheek: { x: 7.4, y: 3.2 },
  nose: { x: 0, y: 2.5 },
  mouth: { x: 4.15, y: 8.3 },
  box: { halfWidth: 11.5, up: 14.2, down: 14.3 },
};

const eyes = 2 * anatomy.eye.x;
const cheeks = 2 * anatomy.cheek.x;
const height = anatomy.cheek.y - anatomy.eye.y;

const eyeAxis = { x: { 2: 1 / eyes, 0: -1 / eyes }, y: { 3: 1 / eyes, 1: -1 / eyes } };
const cheekAxis = { x: { 6: 1 / cheeks, 4: -1 / cheeks }, y: { 7: 1 / cheeks, 5: -1 / cheeks } };
const across = {
  x: sum([0.5, eyeAxis.x], [0.5, cheekAxis.x]),
  y: sum([0.5, eyeAxis.y], [0.5, cheekAxis.y]),
};
const half = 0.5 / height;
const down = {
  x: { 4: half, 6: half, 0: -half, 2: -half },
  y: { 5: half, 7: half, 1: -half, 3: -half },
};

/** Size and direction of the face: (1, 0) is upright at the level's own size. */
const axis = {
  x: sum([0.5, across.x], [0.5, down.y]),
  y: sum([0.5, across.y], [-0.5, down.x]),
};
const origin = {
  x: { 0: 0.25, 2: 0.25, 4: 0.25, 6: 0.25 },
  y: { 1: 0.25, 3: 0.25, 5: 0.25, 7: 0.25 },
};

const { nose, mouth, box } = anatomy;
const boxMiddle = place({ x: 0, y: (box.down - box.up) / 2 });
const boxHalf = (box.up + box.down) / 2;

/** Distances from the cell's corner to the left, upper, right and lower edge of the face's box. */
export const boxRows: Row[] = [
  sum([-1, boxMiddle.x], [box.halfWidth, axis.x]),
  sum([-1, boxMiddle.y], [boxHalf, axis.x]),
  sum([1, boxMiddle.x], [box.halfWidth, axis.x]),
  sum([1, boxMiddle.y], [boxHalf, axis.x]),
];

/** x and y of eyes, nose and corners of the mouth. The eyes are what was seen, the rest follows. */
export const landmarkRows: Row[] = [
  { x: { 0: 1 }, y: { 1: 1 } },
  { x: { 2: 1 }, y: { 3: 1 } },
  place(nose),
  place({ x: -mouth.x, y: mouth.y }),
  place(mouth),
].flatMap(({ x, y }) => [x, y]);

/**
 * How four points fail to be a face: the figure, how much of it is allowed, and what each unit more
 * costs. The last four keep a face to the level and cell that see it best.
 */
export const deviations: { row: Row; allowed: number; cost: number }[] = [
  { row: sum([1, eyeAxis.x], [-1, cheekAxis.x]), allowed: 0.08, cost: 2.5 },
  { row: sum([1, eyeAxis.y], [-1, cheekAxis.y]), allowed: 0.08, cost: 2.5 },
  { row: sum([1, across.x], [-1, down.y]), allowed: 0.1, cost: 2 },
  { row: sum([1, across.y], [1, down.x]), allowed: 0.1, cost: 2 },
  { row: sum([1, axis.x], [-1, { one: 1 }]), allowed: 0, cost: 0.5 },
  { row: axis.y, allowed: 0.3, cost: 2 },
  { row: origin.x, allowed: 0, cost: 0.03 },
  { row: origin.y, allowed: 0, cost: 0.03 },
];

/** Where a point of the anatomy lies once size, direction and origin are known. */
function place({ x, y }: { x: number; y: number }): { x: Row; y: Row } {
  return {
    x: sum([1, origin.x], [x, axis.x], [-y, axis.y]),
    y: sum([1, origin.y], [x, axis.y], [y, axis.x]),
  };
}

function sum(...terms: [number, Row][]): Row {
  const total: Row = {};
  for (const [factor, row] of terms) {
    for (const [key, weight] of Object.entries(row)) {
      total[key] = (total[key] ?? 0) + factor * weight;
    }
  }
  return total;
}
