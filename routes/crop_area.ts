/** Room around a face, in face sizes: a head needs hair and chin to be known again. */
const MARGIN = 0.35;

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * The square of pixels around a face: `box` is x, y, width, height relative to the picture (0…1).
 * Moved inwards at an edge, smaller than wanted only where the picture is.
 */
export function cropArea(box: number[], picture: { width: number; height: number }): Area {
  const [x, y, w, h] = box;
  const width = w * picture.width, height = h * picture.height;
  const wanted = Math.round(Math.max(width, height) * (1 + 2 * MARGIN));
  const side = Math.max(1, Math.min(wanted, picture.width, picture.height));
  const centreX = x * picture.width + width / 2, centreY = y * picture.height + height / 2;
  const inside = (centre: number, size: number) =>
    Math.max(0, Math.min(Math.round(centre - side / 2), size - side));
  return {
    left: inside(centreX, picture.width),
    top: inside(centreY, picture.height),
    width: side,
    height: side,
  };
}
