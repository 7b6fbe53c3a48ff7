// Starts what moves on the page, when all of it has been read.

const chosen = remembered();
setTheme(chosen === "dark" || chosen === "light" ? chosen : "");
const timelines = new Map();
for (const figure of document.querySelectorAll("figure.timeline")) timelines.set(figure.id, new Timeline(figure));
for (const figure of document.querySelectorAll("figure.pair")) new Pair(figure);

const presentation = new Presentation();

// A number of the overview leads to the timeline of its contender.
for (const link of document.querySelectorAll("[data-contender]")) {
  link.addEventListener("click", (event) => {
    const timeline = timelines.get(link.getAttribute("href").slice(1));
    timeline.chooseNamed(link.dataset.contender);
    if (presentation.on) {
      event.preventDefault();
      presentation.turnTo(timeline.figure);
    }
    // After the browser has followed the link, which takes the focus away.
    setTimeout(() => timeline.figure.querySelector('[aria-pressed="true"]').focus({ preventScroll: true }));
  });
}
