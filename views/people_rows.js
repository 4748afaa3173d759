// The parts of a page about people that keys and forms deal with: rows (data-row), and in them the
// items that arrow keys go through.

export const work = () => document.getElementById("work");
export const rows = () => [...work().querySelectorAll("[data-row]")];
export const rowOf = (element) => element?.closest?.("[data-row]") ?? null;
export const seen = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
export const isTyped = (element) =>
  element?.matches?.('input:not([type="checkbox"]), textarea, select') ?? false;

/** What arrow keys go through in a row: faces that can be picked, or that are asked about. */
export const ITEMS =
  '.picks input[type="checkbox"], [data-item]:is([role="group"]), .told input[type="checkbox"]';
export const itemsOf = (row) => [...row.querySelectorAll(ITEMS)];
export const picksOf = (row) => [...row.querySelectorAll('input[name="faceId"]:checked')];
export const marks = () => [...work().querySelectorAll("[data-mark]")];

/** In each row one item takes part in the order of Tab, with the buttons that are about it alone. */
export function reach(row, current) {
  for (const item of itemsOf(row)) item.tabIndex = item === current ? 0 : -1;
  for (const place of row.querySelectorAll(".faces > li")) {
    const here = place.contains(current) ? 0 : -1;
    for (const control of place.querySelectorAll("a, button")) control.tabIndex = here;
  }
}

/** Makes a new part of the page ready for keys. */
export function rove() {
  for (const row of rows()) {
    const items = itemsOf(row);
    const current = items.find((item) => item === document.activeElement) ??
      items.find((item) => item.getAttribute("tabindex") === "0") ?? items[0];
    reach(row, current);
  }
  document.getElementById("keys").hidden = false;
  document.getElementById("keys-on").checked = keysAreOn();
  showMoves();
}

const SETTING = "safelight.keys";

/** Keys of one character can be switched off: words that are spoken to the computer are such keys. */
export function keysAreOn() {
  try {
    return localStorage.getItem(SETTING) !== "off";
  } catch {
    return true;
  }
}

export function switchKeys(on) {
  try {
    localStorage.setItem(SETTING, on ? "on" : "off");
  } catch {
    // A browser that is to keep nothing: they stay on.
    document.getElementById("keys-on").checked = true;
  }
}

export function goTo(item) {
  const row = rowOf(item);
  if (row) reach(row, item);
  item.focus();
}

/** What stands for a row when it gets the focus; nothing if there is nothing to do in it any more. */
export const entry = (row) =>
  itemsOf(row).find((item) => item.tabIndex === 0) ??
    row.querySelector("input.name, button, a");

/** Rows whose faces are picked can give them to the others. */
export function showMoves() {
  const from = rows().filter((row) => picksOf(row).length > 0);
  for (const button of work().querySelectorAll("[data-move]")) {
    const row = rowOf(button);
    button.hidden = from.length === 0 || from.includes(row);
  }
}

/** Where the focus is while nothing has it: the page's beginning, without scrolling there. */
export function goToHeading() {
  const heading = work().querySelector("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

export function leaveField() {
  const row = rowOf(document.activeElement);
  const to = row && entry(row);
  if (to && to !== document.activeElement) goTo(to);
  else document.activeElement.blur();
}
