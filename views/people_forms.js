// What happens around the forms of a page about people: its part that is new, whoever was in it goes
// on where they were; faults are told without losing what was typed.

import {
  entry,
  goTo,
  goToHeading,
  itemsOf,
  leaveField,
  picksOf,
  rove,
  rowOf,
  rows,
  seen,
  work,
} from "./people_rows.js";

// Chromium 156 crashes when htmx, making the old part into the new one, takes a list out with
// moveBefore. Without it htmx inserts instead, which loses no more than the focus: see goBack.
if (document.getElementById("work")) delete Element.prototype.moveBefore;

// Moving: the faces are picked in one form and sent by another.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "move") return;
  for (const old of event.target.querySelectorAll('[name="faceId"]')) old.remove();
  for (const row of rows()) {
    for (const { value } of picksOf(row)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "faceId", value });
      event.target.append(field);
    }
  }
}, { capture: true });

function say(message) {
  const news = document.getElementById("news");
  const line = document.createElement("p");
  line.className = "fault";
  line.textContent = message;
  news.replaceChildren(line);
}

export function undo() {
  // What was asked for a moment ago is meant, not what was done before it.
  undoLater = underWay > 0;
  if (undoLater) return;
  const shown = document.querySelector("#news button[name=changeId]");
  const last = document.getElementById("undo");
  if (shown) shown.click();
  else if (last) last.requestSubmit();
  else say("There is nothing to undo.");
}

let place = null;

/** Forms that were sent and not answered yet, and whether the last of them is to be taken back. */
let underWay = 0;
let undoLater = false;

function answered() {
  underWay = Math.max(0, underWay - 1);
  if (undoLater && underWay === 0) undo();
}

/** What the forms under way say, the latest last: the second of a double click has nothing to add. */
const said = new Map();

document.addEventListener("htmx:config:request", (event) => {
  if (!isOurs(event)) return;
  const { action, body } = event.detail.ctx.request;
  const words = `${action}?${new URLSearchParams(body)}`;
  if ([...said.values()].at(-1) === words) return event.preventDefault();
  said.set(event.detail.ctx, words);
  underWay++;
});

document.addEventListener("htmx:finally:request", (event) => said.delete(event.detail.ctx));

function remember() {
  const focused = document.activeElement;
  const row = rowOf(focused);
  if (!work()?.contains(focused)) return null;
  return {
    id: focused.id,
    row: row?.id,
    rowAt: rows().indexOf(row),
    itemAt: row ? itemsOf(row).indexOf(focused) : -1,
  };
}

function goBack() {
  const asked = work().querySelector("#question [data-focus]");
  if (asked) return asked.focus();
  const focused = document.activeElement;
  // Named: the keys are the row's again, not the field's.
  if (focused.matches("input.name") && focused.value === focused.defaultValue) leaveField();
  if (!place || work().contains(document.activeElement)) return;
  const same = place.id && document.getElementById(place.id);
  if (same && seen(same)) return same.focus();
  const row = rowFrom(place);
  if (!row) return goToHeading();
  const items = itemsOf(row);
  goTo(items[Math.min(Math.max(place.itemAt, 0), items.length - 1)] ?? entry(row));
}

/** The row of a place if there is anything left to do in it, or the one after, or before. */
function rowFrom(place) {
  if (place.rowAt < 0) return undefined;
  const all = rows();
  const same = all.findIndex((row) => place.row && row.id === place.row);
  const at = same < 0 ? place.rowAt : same;
  const hasMore = (row) => entry(row) !== null;
  return all.slice(at).find(hasMore) ?? all.slice(0, at).findLast(hasMore);
}

/** What was picked and typed for this form is done; what was begun elsewhere on the page stays. */
function dealtWith({ sourceElement, request }) {
  if (sourceElement?.isConnected && sourceElement.matches("form")) sourceElement.reset();
  for (const name of ["faceId", "clusterId"]) {
    const sent = new Set(request?.body?.getAll?.(name) ?? []);
    for (const box of work().querySelectorAll(`input[type="checkbox"][name="${name}"]:checked`)) {
      if (sent.has(box.value)) box.checked = false;
    }
  }
}

const isOurs = (event) => event.detail.ctx?.target?.id === "work";

document.addEventListener("htmx:before:swap", (event) => {
  if (isOurs(event)) place = remember();
});

document.addEventListener("htmx:after:swap", (event) => {
  if (!isOurs(event)) return;
  if (event.detail.ctx.response?.status < 400) {
    dealtWith(event.detail.ctx);
    rove();
    goBack();
  }
  answered();
});

/** An answer that is lost may be that it was done. */
const UNKNOWN = "It is not known whether it was done; reload the page to see.";

// A fault changes nothing on the page: what was typed stays, and the reason is told.
document.addEventListener("htmx:response:error", (event) => {
  if (!isOurs(event)) return;
  const { response, text } = event.detail.ctx;
  const page = new DOMParser().parseFromString(text ?? "", "text/html");
  const told = page.querySelector("[data-fault], main .lead")?.textContent;
  answerAgain();
  undoLater = false;
  if (response.status >= 500) say(`Something went wrong in Safelight. ${UNKNOWN}`);
  else say(told ?? "Safelight could not do that; nothing was changed.");
});

document.addEventListener("htmx:error", (event) => {
  if (!isOurs(event)) return;
  answerAgain();
  underWay = 0;
  undoLater = false;
  say(`No answer from Safelight. ${UNKNOWN}`);
});

function answerAgain() {
  for (const item of work().querySelectorAll("[data-answered]")) delete item.dataset.answered;
}
