"use strict";
// One lane of an exhibition: its boards, Judit among them, its figures, and a sentence on what is seen.

// More boards than this are counted, and not drawn.
const MOST_BOARDS = 100;
// Milliseconds between two sentences, two readings of the clocks, two texts for a screen reader.
const SENTENCE_MS = 250;
const CLOCKS_MS = 90;
const TEXTS_MS = 1500;
// Parts of the time below this share are left to the bar where there is little room.
const SMALL = 0.02;

class LaneView {
  constructor(run, place) {
    const lane = run.lanes[place];
    this.games = new Games(run.opponents, run.hour_s, run.judits, lane.plies);
    this.boards = Array.from({ length: Math.min(run.opponents, MOST_BOARDS) },
      (_, at) => new Board(at, run.openings?.[at] ?? ""));
    this.chosen = 0;
    this.late = Infinity; // how long after the lane's own time the page's clock is, in s
    this.drawn = { sentence: -Infinity, clocks: -Infinity, texts: -Infinity };
    this.name = make("h2", { className: "contender" });
    this.how = make("p", { className: "how" });
    this.clock = make("p", { className: "big" });
    this.figures = {};
    const figures = make("dl", { className: "figures" });
    for (const what of ["elapsed", "moves", "ideal", "measured"]) {
      this.figures[what] = make("dd");
      figures.append(make("div", {}, make("dt", {}, what), this.figures[what]));
    }
    const boards = this.boards.map((board) => board.element);
    this.list = make("ul", { className: "boards", ariaLabel: "Boards" }, ...boards);
    this.judits = Array.from({ length: Math.min(this.games.judits, 24) }, () => this.token());
    this.hall = make("div", { className: "hall" }, this.list, ...this.judits);
    this.sentence = make("p", { className: "sentence" });
    this.account = make("div", { className: "account" });
    const whose = make("div", { className: "whose" }, this.name, this.how);
    this.element = make("section", { className: "lane" },
      make("div", { className: "head" }, whose, this.clock, figures),
      this.hall, make("div", { className: "told" }, this.sentence, this.account));
    this.boards[0].element.tabIndex = 0;
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => {
      const at = this.boards.findIndex((board) => board.element.contains(event.target));
      if (at >= 0) this.choose(at, true);
    });
    this.update(run, lane);
  }

  token() {
    const crown = draw("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" });
    crown.append(draw("path", { d: SHAPES.Q }));
    const badge = make("span", {}, crown, make("b", {}, "Judit"));
    return make("div", { className: "judit", ariaHidden: "true", hidden: true }, badge);
  }

  update(run, lane) {
    this.run = run;
    this.lane = lane;
    this.games.plies = lane.plies ?? [];
    this.element.ariaLabel = `Lane ${lane.name}`;
    this.element.dataset.status = lane.status;
    say(this.name, lane.name);
    say(this.how, lane.in_turn ? "one game after the other" : "from table to table");
    say(this.figures.ideal, lane.ideal_s ? seconds(lane.ideal_s) : "–");
    this.tellAccount();
    for (const at of this.boards.keys()) this.games.touched.add(at);
    this.drawn = { sentence: -Infinity, clocks: -Infinity, texts: -Infinity };
  }

  // When the lane had ended, as far as is known, in seconds since it began.
  get end() {
    return Math.max(this.lane.measured_s ?? 0, this.games.end);
  }

  add(moves, now) {
    if (!moves.length) return;
    this.games.add(moves);
    // The message that came with the least delay tells best how late the page's clock is.
    this.late = Math.min(this.late, now / 1000 - this.games.end);
  }

  // Draws the lane as it was at the time. Texts change seldom: nobody reads sixty sentences a second.
  show(time, now, pace, still) {
    const { games, boards } = this;
    games.seek(time);
    for (const at of games.touched) boards[at]?.show(games.boards[at], games.over(at), this.result(at));
    games.touched.clear();
    // One sees her walk where she stays for a while; else she would be late everywhere.
    this.hall.classList.toggle("walks", this.lane.in_turn || thoughtOnScreen(this.run, pace) > 0.12);
    this.move(time);
    this.element.toggleAttribute("data-over", this.account.childElementCount > 0 && time >= this.end);
    if (still || now - this.drawn.clocks >= CLOCKS_MS) this.tick(time, now);
    if (still || now - this.drawn.sentence >= SENTENCE_MS) {
      this.drawn.sentence = now;
      const more = this.games.number - boards.length;
      const hidden = more > 0 ? ` ${counted(more, "more board")} ${more === 1 ? "is" : "are"} not drawn.` : "";
      say(this.sentence, tellLane(this.run, this.lane, games, time, pace) + hidden);
    }
    if (still || now - this.drawn.texts >= TEXTS_MS) {
      this.drawn.texts = now;
      for (const [at, board] of boards.entries()) board.tell(games.boards[at], games.over(at), this.result(at));
    }
  }

  result(at) {
    return this.lane.results?.[at];
  }

  tick(time, now) {
    this.drawn.clocks = now;
    const ran = Math.min(time, this.end || time);
    for (const [at, board] of this.boards.entries()) board.tick(this.games.clocks(at, ran));
    const all = this.games.plies.reduce((sum, plies) => sum + plies, 0);
    say(this.clock, clock(ran * this.games.scale));
    say(this.figures.elapsed, seconds(ran));
    say(this.figures.moves, all ? `${number(this.games.made)} of ${number(all)}` : number(this.games.made));
  }

  // Whether every game is over on the boards: Judit has gone home.
  get over() {
    const whole = this.games.plies.reduce((sum, plies) => sum + plies, 0);
    return whole > 0 && this.games.made >= whole;
  }

  // Puts Judit to the board where she is.
  move(time) {
    const places = this.over ? [] : this.games.places(time);
    for (const [which, token] of this.judits.entries()) {
      const place = places[which];
      const spot = place && this.spots?.[place.board];
      token.hidden = !spot;
      if (!spot) continue;
      token.dataset.does = place.thinking ? "thinks" : "waits";
      if (token.at === place.board) continue;
      token.at = place.board;
      token.style.transform = `translate(${spot.left}px, ${spot.top}px)`;
      token.style.width = `${spot.width}px`;
      token.style.height = `${spot.height}px`;
    }
  }

  // Measures where the boards stand; in presentation mode they are made as large as the room allows.
  measure(presenting) {
    this.list.style.removeProperty("--columns");
    this.list.style.removeProperty("--size");
    if (presenting) this.fit();
    this.spots = this.boards.map(({ element }) => ({
      left: element.offsetLeft, top: element.offsetTop, width: element.offsetWidth, height: element.offsetHeight,
    }));
    for (const token of this.judits) token.at = null;
  }

  fit() {
    const [width, height] = [this.hall.clientWidth, this.hall.clientHeight];
    const style = getComputedStyle(this.list);
    const [gap, label] = [parseFloat(style.columnGap), parseFloat(style.getPropertyValue("--label"))];
    let best = { size: 0, columns: 1 };
    for (let columns = 1; columns <= this.boards.length; columns += 1) {
      const rows = Math.ceil(this.boards.length / columns);
      const wide = (width - gap * (columns - 1)) / columns;
      const high = (height - gap * (rows - 1)) / rows - label;
      const size = Math.floor(Math.min(wide, high));
      if (size > best.size) best = { size, columns };
    }
    this.list.style.setProperty("--columns", best.columns);
    this.list.style.setProperty("--size", `${best.size}px`);
  }

  tellAccount() {
    const { measured_s: measured, ideal_s: ideal, account } = this.lane;
    const ended = measured !== null && measured !== undefined;
    say(this.figures.measured, ended ? seconds(measured) : "–");
    this.account.replaceChildren();
    if (!ended) return;
    this.account.append(make("p", {}, make("b", {}, seconds(measured)), ` measured, ${apart(measured, ideal)}.`));
    if (!account?.length) return;
    const total = account.reduce((sum, part) => sum + Math.max(part.s, 0), 0) || 1;
    const bar = make("div", { className: "bar", ariaHidden: "true" });
    const words = make("ul", { className: "parts" });
    for (const [place, { what, s }] of account.entries()) {
      if (seconds(s) === "0 s") continue;
      const part = make("i", { className: `part part-${place % 6}` });
      part.style.flexGrow = String(s / total);
      if (s > 0) bar.append(part);
      const word = make("li", {}, make("i", { className: `part part-${place % 6}` }), `${what} ${seconds(s)}`);
      word.toggleAttribute("data-small", Math.abs(s) < SMALL * total);
      words.append(word);
    }
    this.account.append(bar, words);
  }

  choose(at, closer) {
    this.boards[this.chosen].element.tabIndex = -1;
    this.chosen = Math.min(Math.max(at, 0), this.boards.length - 1);
    const { element } = this.boards[this.chosen];
    element.tabIndex = 0;
    element.focus();
    if (closer) this.element.dispatchEvent(new CustomEvent("closer", { bubbles: true, detail: this.chosen }));
  }

  key(event) {
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -1000, End: 1000 };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter") this.choose(this.chosen, true);
    else if (event.key in steps) this.choose(this.chosen + steps[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
