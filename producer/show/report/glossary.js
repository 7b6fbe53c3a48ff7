// Puts what a word means beside the word; the browser opens and closes it.

for (const word of document.querySelectorAll(".word")) {
  word.addEventListener("click", () => {
    const meaning = document.getElementById(word.getAttribute("popovertarget"));
    // Opened by then, its size is known.
    requestAnimationFrame(() => {
      const at = word.getClientRects()[0];
      const left = Math.min(at.left, innerWidth - meaning.offsetWidth - 8);
      const below = at.bottom + 6;
      const fits = below + meaning.offsetHeight < innerHeight;
      meaning.style.left = `${Math.max(left, 8)}px`;
      meaning.style.top = `${fits ? below : at.top - meaning.offsetHeight - 6}px`;
    });
  });
}
// What moves away under it takes it along.
addEventListener("scroll", () => document.querySelector(".meaning:popover-open")?.hidePopover(), { passive: true });
