// Draws the box of a face that was not found over its picture; the fields of the form say the same
// in figures, and either follows the other.

const form = () => document.getElementById("draw-form");
const canvas = () => document.querySelector("[data-draw]");
const isOpen = () => document.getElementById("add-face")?.open ?? false;
const side = (name) => form().querySelector(`[data-side="${name}"]`);

/** Faces smaller than this, in per cent of the picture, are slips of the hand. */
const SMALLEST = 0.5;

/** Shows what the fields say. */
function show() {
  const drawing = canvas();
  if (!drawing || !form()) return;
  const box = drawing.querySelector(".drawn");
  drawing.classList.toggle("drawing", isOpen());
  box.toggleAttribute("hidden", !isOpen());
  for (const name of ["x", "y", "width", "height"]) {
    box.setAttribute(name, `${Number(side(name).value) || 0}%`);
  }
}

const rounded = (value) => Math.round(value * 10) / 10;
const within = (value) => Math.min(100, Math.max(0, value));

function at(event) {
  const area = canvas().getBoundingClientRect();
  return {
    x: within((event.clientX - area.left) / area.width * 100),
    y: within((event.clientY - area.top) / area.height * 100),
  };
}

function write(one, other) {
  const width = Math.abs(one.x - other.x), height = Math.abs(one.y - other.y);
  if (width < SMALLEST || height < SMALLEST) return;
  const sides = { x: Math.min(one.x, other.x), y: Math.min(one.y, other.y), width, height };
  for (const [name, value] of Object.entries(sides)) side(name).value = rounded(value);
  show();
}

let start = null;

document.addEventListener("pointerdown", (event) => {
  if (!isOpen() || event.target.closest?.("[data-draw]") !== canvas()) return;
  event.preventDefault();
  canvas().setPointerCapture(event.pointerId);
  start = at(event);
});

document.addEventListener("pointermove", (event) => {
  if (start) write(start, at(event));
});

document.addEventListener("pointerup", (event) => {
  if (!start) return;
  write(start, at(event));
  start = null;
  document.getElementById("draw-name").focus();
});

document.addEventListener("pointercancel", () => start = null);

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-side]")) show();
});

document.addEventListener("toggle", (event) => {
  if (event.target.id !== "add-face") return;
  show();
  if (isOpen()) side("x").select();
}, { capture: true });

document.addEventListener("htmx:after:swap", show);
show();
