"use strict";
// One board on the page: what changed is drawn, and nothing else.

const SVG = "http://www.w3.org/2000/svg";
const DARK_SQUARES = Array.from({ length: 32 }, (_, place) => {
  const row = place >> 2;
  return `M${200 * (place % 4) + (row % 2 ? 0 : 100)} ${100 * row}h100v100h-100z`;
}).join("");

function draw(tag, attributes = {}) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

class Board {
  constructor(place, opening) {
    this.place = place;
    this.opening = opening;
    this.shown = Array(64).fill(".");
    this.svg = draw("svg", { viewBox: "0 0 800 800", class: "squares", role: "img" });
    this.svg.append(
      draw("rect", { class: "light", width: 800, height: 800 }), draw("path", { class: "dark", d: DARK_SQUARES }),
    );
    this.marks = [0, 1].map(() => draw("rect", { class: "mark", width: 100, height: 100, x: -100 }));
    this.svg.append(...this.marks);
    this.pieces = this.shown.map((_, at) => draw("path", {
      class: "piece", transform: `translate(${100 * (at % 8)} ${100 * (at >> 3)})`, "data-piece": ".",
    }));
    this.svg.append(...this.pieces);
    this.result = make("b", { className: "result" });
    this.turn = make("i", { className: "turn" });
    this.clocks = [0, 1].map(() => ({ minutes: make("span"), seconds: make("span", { className: "seconds" }) }));
    const about = make("span", { className: "about", ariaHidden: "true" },
      make("b", {}, String(place + 1)), make("span", { className: "opening" }, opening),
      this.result, this.turn);
    const title = `Board ${place + 1}${opening ? `: ${opening}` : ""}`;
    this.element = make("li", { className: "board", tabIndex: -1, title }, about);
    const clocks = this.clocks.map((clock) => make("span", { className: "clock" }, clock.minutes, clock.seconds));
    this.element.append(this.svg, make("span", { className: "clocks", ariaHidden: "true" }, ...clocks));
  }

  // Draws the position of the game, touching the squares that differ.
  show(game, over, result) {
    for (let at = 0; at < 64; at += 1) {
      const piece = game.squares[at];
      if (piece === this.shown[at]) continue;
      this.shown[at] = piece;
      const path = this.pieces[at];
      path.dataset.piece = piece;
      path.setAttribute("d", SHAPES[piece.toUpperCase()] ?? "");
      path.setAttribute("class", piece === "." ? "piece" : piece < "a" ? "piece white" : "piece black");
    }
    const marked = game.last ? [game.last.from, game.last.to] : [-1, -1];
    this.marks.forEach((mark, which) => {
      const at = marked[which];
      mark.setAttribute("x", at < 0 ? -100 : 100 * (at % 8));
      mark.setAttribute("y", at < 0 ? 0 : 100 * (at >> 3));
    });
    const turn = over ? "over" : game.plies % 2 ? "black" : "white";
    if (this.element.dataset.turn !== turn) this.element.dataset.turn = turn;
    say(this.result, over ? written(result) : "");
  }

  tick(times) {
    for (const [side, { minutes, seconds }] of this.clocks.entries()) {
      const shown = clock(times[side]);
      say(minutes, shown.slice(0, -3));
      say(seconds, shown.slice(-3));
    }
  }

  // The board in words, for those who do not see it.
  tell(game, over, result) {
    const name = `Board ${this.place + 1}${this.opening ? `, ${this.opening}` : ""}`;
    const last = game.last ? `, last move ${game.last.said}` : "";
    const turn = game.plies % 2 ? "Black to move" : "White to move";
    const state = over ? `over, ${written(result) || "with no result"}` : turn;
    const text = `${name}: ${state}${last}`;
    if (this.svg.getAttribute("aria-label") !== text) this.svg.setAttribute("aria-label", text);
    return text;
  }
}

// A result as it is printed; a game that was broken off has none.
function written(result) {
  if (!result || result === "*") return "";
  return result === "1/2-1/2" ? "½–½" : result.replace("-", "–");
}
