// Presentation: one figure a screen, with arrow keys. A figure moves to the screen and back to its place.

const stage = document.getElementById("present");
const slide = stage.querySelector(".slide");

// On less than this, in pixels, nothing is presented: a figure and its texts have no room.
const NARROWEST = 640;

class Presentation {
  constructor() {
    this.button = document.getElementById("start");
    this.mark = document.createComment("presented");
    this.button.addEventListener("click", () => this.start());
    const does = { back: () => this.go(this.at - 1), on: () => this.go(this.at + 1), end: () => this.end() };
    for (const button of stage.querySelectorAll("[data-does]")) {
      button.addEventListener("click", () => does[button.dataset.does]());
    }
    document.addEventListener("keydown", (event) => this.press(event));
  }

  get on() {
    return !stage.hidden;
  }

  start() {
    this.figures = [...document.querySelectorAll("main figure")];
    if (!this.figures.length) return;
    // Begins with what the reader looks at.
    const first = this.figures.findIndex((figure) => figure.getBoundingClientRect().bottom > innerHeight / 3);
    for (const part of document.querySelectorAll("body > header, main")) part.inert = true;
    stage.hidden = false;
    root.classList.add("presenting");
    this.go(Math.max(first, 0));
    stage.focus();
  }

  go(place) {
    if (place < 0 || place >= this.figures.length) return;
    this.putBack();
    tip.hidden = true;
    this.at = place;
    const figure = this.figures[place];
    const section = figure.closest("section");
    const names = [section.querySelector("h1, h2"), figure.closest(".column")?.querySelector("h3")];
    stage.querySelector(".where").textContent = names.map((name) => name?.textContent).filter(Boolean).join(": ");
    stage.querySelector(".take").textContent = section.querySelector(".take-home")?.textContent ?? "";
    stage.querySelector(".place").textContent = `${place + 1} / ${this.figures.length}`;
    figure.replaceWith(this.mark);
    slide.replaceChildren(figure);
    // Where room is short, it is the figure's.
    if (slide.scrollHeight > slide.clientHeight) stage.querySelector(".take").textContent = "";
    slide.scrollTop = 0;
    // What had the focus may have gone back to the page.
    if (!stage.contains(document.activeElement)) stage.focus();
  }

  // What is higher than the screen is gone through before the page is turned.
  scroll(direction) {
    const left = slide.scrollHeight - slide.clientHeight - slide.scrollTop;
    if (direction > 0 ? left > 1 : slide.scrollTop > 1) {
      slide.scrollBy({ top: 0.8 * direction * slide.clientHeight, behavior: "instant" });
    } else {
      this.go(this.at + direction);
    }
  }

  putBack() {
    if (this.mark.isConnected) this.mark.replaceWith(slide.firstElementChild);
  }

  end() {
    const figure = this.figures[this.at];
    this.putBack();
    stage.hidden = true;
    root.classList.remove("presenting");
    for (const part of document.querySelectorAll("body > header, main")) part.inert = false;
    unfold(figure);
    figure.scrollIntoView({ block: "center", behavior: "instant" });
    this.button.focus({ preventScroll: true });
  }

  // A link within the presentation leads to another of its figures.
  turnTo(figure) {
    this.go(this.figures.indexOf(figure));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { key, target } = event;
    if (!this.on) {
      if (innerWidth < NARROWEST) return;
      if (key === "p" && !target.matches("input:not([type=range]), select, textarea")) this.start();
      return;
    }
    // What has the focus may need the key itself.
    if (key === " " && target.matches("button, a")) return;
    if (key !== "Escape" && target.matches("input, select")) return;
    // Esc closes what a word means first.
    if (key === "Escape" && document.querySelector(".meaning:popover-open")) return;
    const goes = {
      ArrowRight: () => this.go(this.at + 1),
      ArrowDown: () => this.scroll(1),
      PageDown: () => this.scroll(1),
      " ": () => this.scroll(event.shiftKey ? -1 : 1),
      ArrowLeft: () => this.go(this.at - 1),
      ArrowUp: () => this.scroll(-1),
      PageUp: () => this.scroll(-1),
      Home: () => this.go(0),
      End: () => this.go(this.figures.length - 1),
      Escape: () => this.end(),
      p: () => this.end(),
    }[key];
    if (!goes) return;
    event.preventDefault();
    goes();
  }
}
