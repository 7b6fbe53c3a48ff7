// Folded parts open where a link leads to them, and all of them on paper; tables say where there is more to see.

function unfold(place) {
  for (let fold = place?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

function followLink() {
  const place = document.querySelector(":target");
  unfold(place);
  place?.scrollIntoView();
}

addEventListener("hashchange", followLink);
addEventListener("load", followLink);

let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const fold of unfolded) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of unfolded) fold.open = false;
});

function sayMore(scroll) {
  const rest = scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft;
  scroll.toggleAttribute("data-more", rest > 2);
}

const sized = new ResizeObserver((entries) => entries.forEach((entry) => sayMore(entry.target)));
for (const scroll of document.querySelectorAll(".scroll")) {
  scroll.addEventListener("scroll", () => sayMore(scroll), { passive: true });
  sized.observe(scroll);
}
