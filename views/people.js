// Pages about people by keyboard alone. Everything here presses a button or follows a link that is on
// the page anyway: data-key says which key, in the row (data-row) that has the focus. Arrow keys go
// through the faces of a row and from row to row; one face of each row is reached with Tab.

import { undo } from "./people_forms.js";
import {
  entry,
  goTo,
  isTyped,
  ITEMS,
  itemsOf,
  keysAreOn,
  leaveField,
  marks,
  picksOf,
  rove,
  rowOf,
  rows,
  seen,
  showMoves,
  switchKeys,
  work,
} from "./people_rows.js";

// Arrow keys

function beside(item, key) {
  const row = rowOf(item);
  const items = itemsOf(row);
  const at = items.indexOf(item);
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key === "ArrowLeft") return items[at - 1];
  if (key === "ArrowRight") return items[at + 1];
  return row.hasAttribute("data-grid") ? aboveOrBelow(items, item, key) : undefined;
}

/** In a grid of several lines: the nearest item of the line before or after. */
function aboveOrBelow(items, item, key) {
  const middle = (element) => {
    const box = (element.closest("li") ?? element).getBoundingClientRect();
    return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  };
  const from = middle(item);
  const down = key === "ArrowDown" ? 1 : -1;
  const rated = items.map((other) => ({ other, ...middle(other) }))
    .filter(({ y }) => (y - from.y) * down > 8)
    .map(({ other, x, y }) => ({ other, far: Math.abs(y - from.y) * 1000 + Math.abs(x - from.x) }));
  return rated.sort((a, b) => a.far - b.far)[0]?.other;
}

function move(event) {
  const { key } = event;
  const from = document.activeElement;
  const row = rowOf(from);
  const all = rows().filter((row) => entry(row));
  if (!row) {
    if (key !== "ArrowDown" || all.length === 0 || !from.matches("body, h1")) return;
    event.preventDefault();
    return goTo(entry(all[0]));
  }
  const item = itemsOf(row).includes(from) ? from : null;
  let to = item ? beside(item, key) : undefined;
  if (!to && (key === "ArrowUp" || key === "ArrowDown")) {
    const other = all[all.indexOf(row) + (key === "ArrowDown" ? 1 : -1)];
    to = other && entry(other);
  }
  if (!to && !item) return;
  event.preventDefault();
  if (to) goTo(to);
}

// Keys of a row

/** Keys that are about faces take the one that has the focus, if none is picked. */
function pickFocused(row) {
  const face = document.activeElement;
  if (picksOf(row).length === 0 && face.matches?.('input[name="faceId"]')) face.click();
}

function press(row, key) {
  // What is picked goes before what has the focus.
  const item = picksOf(row).length > 0 ? null : document.activeElement.closest?.("[data-item]");
  const wanted = `[data-key="${key}"]`;
  const buttons = [...(item ? item.querySelectorAll(wanted) : []), ...row.querySelectorAll(wanted)]
    .filter((button) => item?.contains(button) || !button.closest("[data-item]"));
  const isOfFaces = buttons.some((button) => button.hasAttribute("data-picks"));
  if (isOfFaces) pickFocused(row);
  const button = buttons.find((button) => !button.disabled && seen(button));
  if (!button || item?.dataset.answered) return false;
  // The button may be about the whole row; its key never is.
  if (isOfFaces && picksOf(row).length === 0) return false;
  if (item?.matches('[role="group"]')) goOn(row, item);
  button.click();
  return true;
}

/** An answer takes a moment, the next face need not wait for it. */
function goOn(row, item) {
  const items = itemsOf(row);
  const next = items[items.indexOf(item) + 1] ?? items[items.indexOf(item) - 1];
  item.dataset.answered = "yes";
  if (next) goTo(next);
}

/** M on one row and then on another joins both. */
function mark(row) {
  const box = row.querySelector("[data-mark]");
  if (!box) return false;
  const others = marks().filter((other) => other !== box && other.checked);
  if (!box.checked) box.click();
  else if (others.length === 0) box.click();
  if (box.checked && others.length > 0) document.getElementById("join").requestSubmit();
  return true;
}

function help() {
  const keys = document.getElementById("keys");
  keys.open = !keys.open;
  keys.querySelector("summary").focus();
}

/** To the field for a name; where it is for picked faces only, it is shown once one is. */
function enter(row) {
  const name = row.querySelector("input.name") ?? work().querySelector("input.name");
  if (!name) return false;
  if (!seen(name)) pickFocused(row);
  name.focus();
  name.select();
  return true;
}

function act(event, row) {
  const { key } = event;
  if (!/^([a-z?]|Enter)$/i.test(key)) return false;
  if (key.length === 1 && !keysAreOn()) return false;
  if (key === "?") return help(), true;
  if (key.toLowerCase() === "u") return undo(), true;
  const global = work().querySelector(`summary[data-key="${key.toLowerCase()}"]`);
  if (global) return global.click(), true;
  if (!row) {
    const question = document.getElementById("question");
    return question ? press(question, key.toLowerCase()) : false;
  }
  if (key === "Enter") return document.activeElement.matches(ITEMS) && enter(row);
  if (key.toLowerCase() === "m" && mark(row)) return true;
  if (key.toLowerCase() === "o") {
    const face = document.activeElement.closest("li");
    const link = face?.querySelector(".open-photo");
    return link ? (link.click(), true) : false;
  }
  return press(row, key.toLowerCase());
}

document.addEventListener("keydown", (event) => {
  if (!work() || event.defaultPrevented || event.altKey || event.metaKey) return;
  const { key } = event;
  const typed = isTyped(document.activeElement);
  if (typed) {
    if (key === "Escape") leaveField();
    return;
  }
  if (event.ctrlKey) {
    if (key.toLowerCase() !== "z" || event.shiftKey) return;
    event.preventDefault();
    return undo();
  }
  if (/^(Arrow|Home$|End$)/.test(key)) return move(event);
  if (act(event, rowOf(document.activeElement))) event.preventDefault();
});

// Enter in a box would send its form.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.('#work input[type="checkbox"]')) {
    event.preventDefault();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.name === "faceId") showMoves();
  if (event.target.id === "keys-on") switchKeys(event.target.checked);
});

document.addEventListener("focusin", (event) => {
  const item = event.target;
  if (item.matches?.(ITEMS) && item.tabIndex !== 0) goTo(item);
});

if (work()) rove();
