// The tip that follows the pointer.

const tip = document.getElementById("tip");

function showTip(text, event) {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const gap = 14;
  const left = Math.min(event.clientX + gap, innerWidth - tip.offsetWidth - 4);
  const below = event.clientY + gap + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${below ? event.clientY + gap : event.clientY - tip.offsetHeight - gap}px`;
}

for (const kind of ["pointermove", "pointerdown"]) {
  document.addEventListener(kind, (event) => {
    if (event.target instanceof HTMLCanvasElement) return;
    showTip(event.target.closest?.("[data-tip]")?.dataset.tip, event);
  });
}
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
