// Back from a photo, the page is where it was: as many photos, and the same one has the focus. Browsers
// that keep whole pages do that themselves; others load the first photos again.

import { goTo, tileOf, tiles } from "./search_grid.js";

/** More than this nobody waits for; then the page begins where it can. */
const MOST = 2000;

const PLACE = "safelight.place";
const here = () => location.pathname + location.search;

function keep(tile) {
  const photo = tile.parentElement.id;
  try {
    const place = { address: here(), photo, photos: tiles().length };
    sessionStorage.setItem(PLACE, JSON.stringify(place));
  } catch {
    // A browser that is to keep nothing: the page begins at its beginning.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE));
  } catch {
    return null;
  }
}

document.addEventListener("click", (event) => {
  const tile = tileOf(event.target);
  if (tile) keep(tile);
}, { capture: true });

/** By the browser's own button, or by a link of the photo's page. */
function isReturn() {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (type === "back_forward") return true;
  const from = document.referrer === "" ? null : new URL(document.referrer);
  return type === "navigate" && from?.origin === location.origin &&
    from.pathname.startsWith("/photos/");
}

/** Fetches what was there, page after page, then goes to the photo. */
function goOn({ photo, photos }) {
  const item = document.getElementById(photo);
  if (item) return goTo(item.querySelector("a.open"));
  const more = document.querySelector("#more a[hx-get]");
  if (!more || tiles().length >= Math.min(photos, MOST)) waiting = null;
  // Before htmx has read the page it is a link like any other, and leads away.
  else if (more.dataset.htmxPowered === undefined) setTimeout(goneOn, 30);
  else more.click();
}

let waiting = null;

/** After the photos of one more page were added. */
export function goneOn() {
  if (waiting) goOn(waiting);
  if (waiting && document.getElementById(waiting.photo)) waiting = null;
}

export function comeBack() {
  const place = kept();
  if (place?.address !== here() || !isReturn()) return;
  waiting = place;
  goneOn();
}
