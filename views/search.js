// The search page by keyboard: to the box and back, through the photos, and what can be done with the
// photo that has the focus. Everything here presses a link that is on the page anyway.

import { isTyped, keysAreOn } from "./people_rows.js";
import { current, goTo, grid, rove, tileOf, toward } from "./search_grid.js";
import { comeBack, goneOn } from "./search_return.js";
import { leaveFold, readyBadges, toggle } from "./search_unfold.js";
import "./search_picture.js";

const box = () => document.getElementById("q");

function goToBox() {
  box()?.focus();
  box()?.select();
}

/** Closes the menu or panel that the focus is in; false if it is in none. */
function closeMenu(element) {
  const menu = element.closest?.("details[open].menu, details[open].filter-panel");
  if (!menu) return false;
  menu.open = false;
  menu.querySelector("summary").focus();
  return true;
}

function escape(element) {
  if (closeMenu(element) || leaveFold(element)) return true;
  if (!tileOf(element)) return false;
  goToBox();
  return true;
}

/** Presses a link of the photo that has the focus. */
function press(tile, selector) {
  const link = tile.parentElement.querySelector(selector);
  if (!link) return false;
  if (selector === "a.copies-count") toggle(link);
  else link.click();
  return true;
}

function act(key, element) {
  if (key === "Escape") return escape(element);
  const tile = element.matches?.("a.open") ? tileOf(element) : null;
  if (tile && /^(Arrow|Home$|End$)/.test(key)) {
    const to = toward(tile, key);
    if (to) goTo(to);
    return to !== undefined || key !== "ArrowUp";
  }
  if (!keysAreOn()) return false;
  if (key === "/" && box()) return goToBox(), true;
  if (!tile) return false;
  if (key.toLowerCase() === "m") return press(tile, "a.like");
  if (key.toLowerCase() === "d") return press(tile, "a.copies-count");
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  const { activeElement } = document;
  if (activeElement === box() && event.key === "ArrowDown" && current()) {
    event.preventDefault();
    return goTo(current());
  }
  if (isTyped(activeElement) && event.key !== "Escape") return;
  if (act(event.key, activeElement)) event.preventDefault();
});

// One menu at a time, and none once somebody works elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[open].menu")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Pages of photos

const isMore = (element) => element?.matches?.("#more a[hx-get]") ?? false;

document.addEventListener("htmx:after:swap", (event) => {
  if (!grid() || !event.detail.ctx.response || event.detail.ctx.response.status >= 400) return;
  rove();
  readyBadges();
  goneOn();
});

function notLoaded(event) {
  const { sourceElement } = event.detail.ctx ?? {};
  if (isMore(sourceElement)) sourceElement.nextElementSibling.hidden = false;
}

document.addEventListener("htmx:error", notLoaded);
document.addEventListener("htmx:response:error", notLoaded);

if (grid()) {
  rove();
  readyBadges();
  document.getElementById("grid-keys")?.toggleAttribute("hidden", false);
  const on = document.getElementById("keys-on");
  if (on) on.checked = keysAreOn();
  comeBack();
}
