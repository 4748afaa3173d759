// A box that ticks all boxes of its form. Without this script it stays hidden, and the buttons for
// all of a list do the same.

for (const all of document.querySelectorAll("[data-select-all]")) {
  const boxes = [...all.form.querySelectorAll('input[type="checkbox"]')].filter((box) =>
    box !== all
  );
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => boxes.forEach((box) => box.checked = all.checked));
  all.form.addEventListener("change", show);
  all.closest("label").hidden = false;
  // Browsers keep ticks when a page is loaded again.
  show();
}
