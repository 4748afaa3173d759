// Manners for sections that ask the server for news of themselves ("every 2s"): they rest in
// hidden tabs, back off while the server is away, and say that what they show is old.

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 30000;

/** Section id → failures in a row, and the time before which it must not ask again. */
const faults = new Map();

const polling = () => document.querySelectorAll('[hx-trigger^="every"]');

document.addEventListener("htmx:config:request", (event) => {
  const { sourceEvent, sourceElement } = event.detail.ctx;
  if (sourceEvent?.type !== "every") return;
  const until = faults.get(sourceElement.id)?.until ?? 0;
  if (document.hidden || Date.now() < until) event.preventDefault();
});

function failed(event) {
  const section = event.detail.ctx?.sourceElement;
  if (!section) return;
  const count = (faults.get(section.id)?.count ?? 0) + 1;
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** count);
  // Jitter: many open pages must not all come back in the same second.
  faults.set(section.id, { count, until: Date.now() + longest * (0.5 + Math.random() / 2) });
  section.classList.add("stale");
}

document.addEventListener("htmx:error", failed);
document.addEventListener("htmx:response:error", failed);

document.addEventListener("htmx:after:swap", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (!sourceElement || !response || response.status >= 400) return;
  faults.delete(sourceElement.id);
  document.getElementById(sourceElement.id)?.classList.remove("stale");
});

function askNow() {
  if (document.hidden) return;
  for (const section of polling()) section.dispatchEvent(new CustomEvent("every"));
}

document.addEventListener("visibilitychange", askNow);
addEventListener("online", () => {
  faults.clear();
  askNow();
});
