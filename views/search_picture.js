// A picture for the search: dropped or pasted anywhere on the page, or chosen. It goes into the form's
// own field and the form is sent, as somebody without scripts does it.

const form = () => document.getElementById("search");
const field = () => form().elements.file;

function tell(message) {
  const place = document.getElementById("q-fault");
  place.textContent = message;
  place.hidden = message === "";
}

/** Sends the form with this file; says what is wrong with it if it need not be sent. */
async function search(file) {
  if (file.size > Number(form().dataset.mostBytes)) {
    field().value = "";
    return tell(form().dataset.tooLarge);
  }
  tell("");
  if (field().files[0] !== file) {
    const carried = new DataTransfer();
    carried.items.add(file);
    field().files = carried.files;
  }
  // Another picture takes the place of the one before.
  for (const hidden of form().querySelectorAll(".picture-chip input")) hidden.disabled = true;
  form().classList.add("sending");
  await keepSmall(file);
  form().requestSubmit();
}

const isFile = (transfer) => [...transfer?.types ?? []].includes("Files");

document.addEventListener("dragover", (event) => {
  if (!form() || !isFile(event.dataTransfer)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  form().classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  // Leaving an element for the one inside it is not leaving the page.
  if (event.relatedTarget === null) form()?.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!form() || !isFile(event.dataTransfer)) return;
  event.preventDefault();
  form().classList.remove("dropping");
  const [file] = event.dataTransfer.files;
  if (file) search(file);
});

document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (!form() || !file) return;
  event.preventDefault();
  search(file);
});

document.addEventListener("change", (event) => {
  if (form() && event.target === field() && field().files[0]) search(field().files[0]);
});

/**
 * A page that is shown again is not sending any more, and the picture it sent is not to be sent with the
 * next words: browsers give back the whole page, or what was in its fields.
 */
function begin() {
  form().classList.remove("sending");
  field().value = "";
  for (const hidden of form().querySelectorAll(".picture-chip input")) hidden.disabled = false;
}

addEventListener("pageshow", ({ persisted }) => {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (form() && (persisted || type === "back_forward")) begin();
});

// What the picture looked like is known to nobody but this browser: it keeps a small one while the tab
// is open, to show it beside the words.

const PENDING = "safelight.picture";
const SIDE = 80;

async function keepSmall(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const side = Math.min(bitmap.width, bitmap.height);
    const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
    const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
    canvas.getContext("2d").drawImage(bitmap, x, y, side, side, 0, 0, SIDE, SIDE);
    sessionStorage.setItem(PENDING, canvas.toDataURL("image/jpeg", 0.8));
  } catch {
    // A kind of file that browsers cannot show, or nothing may be kept: then there is only a sign.
  }
}

/** Draws the kept picture where the page says that one was given. */
async function showSmall() {
  const canvas = document.querySelector("canvas[data-given]");
  if (!canvas) return;
  try {
    const key = `${PENDING}.${canvas.dataset.given}`;
    const pending = sessionStorage.getItem(PENDING);
    if (pending) sessionStorage.setItem(key, pending);
    sessionStorage.removeItem(PENDING);
    const kept = sessionStorage.getItem(key);
    if (!kept) return;
    const bytes = Uint8Array.from(atob(kept.split(",")[1]), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
    canvas.nextElementSibling.toggleAttribute("hidden", true);
  } catch {
    // It is a small comfort, and no reason to fail.
  }
}

showSmall();
