// Duplicates unfold below the row of the photo that stands for them. Without this script the same link
// leads to the photo's page, which lists them.

import { goTo, grid, tileOf, tiles } from "./search_grid.js";

const badges = () => grid()?.querySelectorAll("a.copies-count") ?? [];
const foldOf = (badge) => document.getElementById(`copies-of-${badge.dataset.copies}`);

/** Says of new badges that they unfold something. */
export function readyBadges() {
  for (const badge of badges()) {
    badge.setAttribute("role", "button");
    if (!badge.hasAttribute("aria-expanded")) badge.setAttribute("aria-expanded", "false");
  }
}

const topOf = (tile) => Math.round(tile.parentElement.getBoundingClientRect().top);

/** Behind the last photo of the row, so that the row keeps its photos. */
function place(fold, badge) {
  const all = tiles();
  const tile = tileOf(badge);
  fold.remove();
  const top = topOf(tile);
  const row = all.slice(all.indexOf(tile)).filter((other) => Math.abs(topOf(other) - top) < 8);
  row.at(-1).parentElement.after(fold);
}

function unfold(badge) {
  const id = badge.dataset.copies;
  const fold = document.createElement("li");
  fold.className = "fold-out";
  fold.id = `copies-of-${id}`;
  fold.setAttribute("aria-busy", "true");
  fold.textContent = "…";
  place(fold, badge);
  badge.setAttribute("aria-expanded", "true");
  globalThis.htmx.ajax("GET", `/photos/${id}/copies`, { target: fold, swap: "innerHTML" })
    .finally(() => {
      fold.setAttribute("aria-busy", "false");
      // Nothing came: the page of the photo tells what there is to know.
      if (fold.textContent === "…") location.assign(badge.href);
    });
}

function foldAway(badge) {
  foldOf(badge)?.remove();
  badge.setAttribute("aria-expanded", "false");
}

export const toggle = (badge) => foldOf(badge) ? foldAway(badge) : unfold(badge);

/** Folds away what the focus is in, and goes to the photo; false if it is in none. */
export function leaveFold(element) {
  const fold = element.closest?.(".fold-out");
  if (!fold) return false;
  const badge = [...badges()].find((one) => foldOf(one) === fold);
  foldAway(badge);
  goTo(tileOf(badge));
  return true;
}

document.addEventListener("click", (event) => {
  const badge = event.target.closest?.("[data-grid] a.copies-count");
  if (!badge || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  toggle(badge);
});

// A badge says it is a button: the space bar presses it.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches?.("[data-grid] a.copies-count")) return;
  event.preventDefault();
  toggle(event.target);
});

// Rows break elsewhere when the page gets another width.
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  for (const badge of badges()) {
    const fold = foldOf(badge);
    if (fold) place(fold, badge);
  }
});
