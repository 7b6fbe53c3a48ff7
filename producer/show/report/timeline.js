// The timelines: the lanes of one contender at a time, which can be zoomed and asked what a bar is.

class Timeline {
  constructor(figure) {
    this.figure = figure;
    this.lines = lines[figure.dataset.key];
    this.canvas = figure.querySelector("canvas");
    this.whole = figure.querySelector(".whole");
    for (const chip of figure.querySelectorAll("[data-line]")) {
      chip.addEventListener("click", () => this.choose(Number(chip.dataset.line)));
    }
    this.whole.addEventListener("click", () => this.zoom());
    this.canvas.addEventListener("dblclick", () => this.zoom());
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.release(event));
    this.canvas.addEventListener("pointercancel", () => this.cancel());
    this.canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") tip.hidden = true; // a finger leaves when it has pointed
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(figure.querySelector(".stage"));
    redraws.push(() => this.draw());
    // Where there is one, a contender with more than one lane: it has more to tell.
    this.choose(Math.max(this.lines.findIndex((line) => line.lanes.length > 1), 0));
  }

  chooseNamed(name) {
    const place = this.lines.findIndex((line) => line.name === name);
    if (place >= 0) this.choose(place);
  }

  choose(place) {
    const line = this.lines[place];
    this.view = new Lanes(line, this.canvas);
    for (const chip of this.figure.querySelectorAll("[data-line]")) {
      chip.setAttribute("aria-pressed", String(Number(chip.dataset.line) === place));
    }
    this.figure.querySelector("figcaption").textContent = line.sentence;
    this.figure.querySelector(".run").textContent = line.about;
    this.canvas.setAttribute("aria-label", line.sentence);
    this.zoom();
  }

  // Show what was done between two moments, in microseconds; all of it without them.
  zoom(from = 0, to = this.view.line.end) {
    this.view.from = from;
    this.view.to = Math.max(to, from + 10); // nothing was measured more finely
    tip.hidden = true; // it told of what was there
    this.whole.hidden = from <= 0 && to >= this.view.line.end;
    this.draw();
  }

  draw() {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const { view } = this;
    const { line } = view;
    const font = fontSize(this.canvas);
    // A hundred lanes fit; a thousand still can be told apart; beyond that the picture stays as high.
    const lane = Math.max(300 / line.lanes.length, Math.min(1.2, 900 / line.lanes.length));
    view.lane = Math.min(lane, 26);
    // A strip above the lanes says how long the event loop stood still.
    view.top = line.stalls.length ? 1.8 * font : 0;
    const bottom = view.top + view.lane * line.lanes.length;
    const pen = sizedPen(this.canvas, bottom + 3.6 * font);
    view.left = view.widthOfNames(pen);
    view.right = width - 8;
    view.drawAxis(pen, bottom, font);
    view.drawNames(pen, font);
    view.drawBlocks(pen);
    drawStalls(pen, view, bottom, font);
    if (this.drag) {
      pen.globalAlpha = 0.25;
      pen.fillStyle = colour("soft");
      pen.fillRect(Math.min(this.drag.x, this.drag.to), 0, Math.abs(this.drag.to - this.drag.x), bottom);
    }
  }

  // + and - zoom about the middle, arrows move what is zoomed, 0 shows all of it.
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { from, to, line } = this.view;
    const span = to - from;
    const show = (middle, wide) => {
      const width = Math.min(wide, line.end);
      const start = Math.min(Math.max(middle - width / 2, 0), line.end - width);
      this.zoom(start, start + width);
    };
    const middle = from + span / 2;
    const moves = span < line.end
      ? { ArrowLeft: () => show(middle - span / 4, span), ArrowRight: () => show(middle + span / 4, span) }
      : {};
    const does = {
      "+": () => show(middle, span / 2), "-": () => show(middle, span * 2), 0: () => this.zoom(), ...moves,
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  press(event) {
    this.drag = { x: event.offsetX, to: event.offsetX };
    if (event.pointerType === "mouse") this.canvas.setPointerCapture(event.pointerId);
    this.point(event);
  }

  move(event) {
    if (this.drag) {
      this.drag.to = event.offsetX;
      this.draw();
    }
    this.point(event);
  }

  release() {
    const drag = this.drag;
    this.drag = null;
    if (drag && Math.abs(drag.to - drag.x) > 6) {
      const ends = [this.view.us(drag.x), this.view.us(drag.to)];
      this.zoom(Math.min(...ends), Math.max(...ends));
    } else {
      this.draw();
    }
  }

  cancel() {
    this.drag = null;
    this.draw();
  }

  point(event) {
    const place = this.view.barAt(event.offsetX, event.offsetY);
    showTip(place < 0 ? this.toldOfLoop(event) : this.told(place), event);
  }

  toldOfLoop(event) {
    const us = this.view.us(event.offsetX);
    const stall = this.view.line.stalls.find(([began, length]) => began <= us && us <= began + length);
    return stall ? `${stoodStill(stall[1])},\nfrom ${said(stall[0])} on` : "";
  }

  told(place) {
    const { lanes, lane, workers, jobs, index, wait, service, alone, start, cpu } = this.view.line;
    const who = `${workers[lanes[lane[place]]]}, lane ${lane[place] + 1}`;
    const took = said(service[place]);
    const ran = cpu && cpu[place] !== null ? `ran ${said(cpu[place])} of ${took}` : `was done in ${took}`;
    const times = `waited ${said(wait[place])}\n${ran}, alone ${said(alone[place])}`;
    if (jobs && jobs[place] > 1) {
      const idle = Math.round(100 * (1 - this.view.busy(place)));
      return `${jobs[place]} jobs from job ${index[place]} on\n${who}\nbegan at ${said(start[place])}, idle ${idle} %\non average ${times}`;
    }
    return `job ${index[place]}\n${who}\nbegan at ${said(start[place])}\n${times}`;
  }
}
