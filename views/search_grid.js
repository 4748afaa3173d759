// Arrow keys in a grid of photos: one photo is reached with Tab, the others from there. Works on what
// is there at the moment, so photos that are added later need nothing.

export const grid = () => document.querySelector("[data-grid]");
export const tiles = () => [...(grid()?.querySelectorAll(":scope > li > a.open") ?? [])];
export const tileOf = (element) =>
  element?.closest?.("[data-grid] > li")?.querySelector(":scope > a.open") ?? null;

const controlsOf = (tile) => tile.parentElement.querySelectorAll("a");

/** Of all photos one takes part in the order of Tab, with what is about it. */
export function reach(current) {
  for (const tile of tiles()) {
    for (const control of controlsOf(tile)) control.tabIndex = tile === current ? 0 : -1;
  }
}

export function goTo(tile) {
  reach(tile);
  tile.focus();
}

/** The photo that Tab leads to, or the first. */
export const current = () => tiles().find((tile) => tile.tabIndex === 0) ?? tiles()[0];

/** Makes photos ready that have just been added; those before keep their place. */
export function rove() {
  const focused = tileOf(document.activeElement);
  const known = tiles().find((tile) => tile.getAttribute("tabindex") === "0");
  reach(focused ?? known ?? tiles()[0]);
}

const middleOf = (tile) => {
  const box = tile.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
};

/** The photo of the row above or below that is nearest; photos of one row begin at the same height. */
function inNextRow(tile, down) {
  const all = tiles();
  const step = down ? 1 : -1;
  const at = all.indexOf(tile);
  const { x, y } = middleOf(tile);
  let row = null, nearest = null;
  for (let index = at + step; index >= 0 && index < all.length; index += step) {
    const other = middleOf(all[index]);
    if (Math.abs(other.y - y) < 8) continue;
    row ??= other.y;
    if (Math.abs(other.y - row) >= 8) break;
    const far = Math.abs(other.x - x);
    if (!nearest || far < nearest.far) nearest = { tile: all[index], far };
  }
  return nearest?.tile;
}

/** Where a key leads from a photo; undefined where there is nothing. */
export function toward(tile, key) {
  const all = tiles();
  const at = all.indexOf(tile);
  if (key === "ArrowLeft") return all[at - 1];
  if (key === "ArrowRight") return all[at + 1];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (key === "ArrowDown") return inNextRow(tile, true);
  if (key === "ArrowUp") return inNextRow(tile, false);
  return undefined;
}

document.addEventListener("focusin", (event) => {
  const tile = tileOf(event.target);
  if (tile && tile.tabIndex !== 0) reach(tile);
});
