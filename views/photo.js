// The arrow keys left and right go to the photos before and after on the page of a photo. Where they
// have a meaning of their own (fields, the row of a face) they keep it.

const ownMeaning = "[data-row], input, textarea, select, summary, [contenteditable]";

document.addEventListener("keydown", (event) => {
  const { key } = event;
  if (key !== "ArrowLeft" && key !== "ArrowRight") return;
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  if (event.target.closest?.(ownMeaning)) return;
  const link = document.querySelector(`a[data-go="${key}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
});
