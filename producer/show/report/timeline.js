// The timelines: one lane for each slot, drawn on a canvas that can be zoomed.

const PROCESSES = 6;
const lines = JSON.parse(document.getElementById("lines").textContent);

class Timeline {
  constructor(figure) {
    this.figure = figure;
    this.lines = lines[figure.dataset.key];
    this.canvas = figure.querySelector("canvas");
    this.whole = figure.querySelector(".whole");
    for (const chip of figure.querySelectorAll("[data-line]")) {
      chip.addEventListener("click", () => this.choose(Number(chip.dataset.line)));
    }
    this.whole.addEventListener("click", () => this.zoom(0, this.line.end));
    this.canvas.addEventListener("dblclick", () => this.zoom(0, this.line.end));
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.release(event));
    this.canvas.addEventListener("pointercancel", () => this.cancel());
    this.canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
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
    this.line = this.lines[place];
    for (const chip of this.figure.querySelectorAll("[data-line]")) {
      chip.setAttribute("aria-pressed", String(Number(chip.dataset.line) === place));
    }
    this.figure.querySelector("figcaption").textContent = this.line.sentence;
    this.figure.querySelector(".run").textContent = this.line.about;
    this.canvas.setAttribute("aria-label", this.line.sentence);
    this.zoom(0, this.line.end);
  }

  zoom(from, to) {
    this.from = from;
    this.to = Math.max(to, from + 10); // microseconds: nothing was measured more finely
    this.whole.hidden = from <= 0 && to >= this.line.end;
    this.draw();
  }

  draw() {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const font = parseFloat(getComputedStyle(this.canvas).fontSize);
    const line = this.line;
    // A hundred lanes fit; a thousand still can be told apart; beyond that the picture stays as high.
    const lane = Math.max(300 / line.lanes.length, Math.min(1.2, 900 / line.lanes.length));
    this.lane = Math.min(lane, 26);
    this.measureNames(font);
    this.right = width - 8;
    // A strip above the lanes says how long the event loop stood still.
    this.top = line.stalls.length ? 1.8 * font : 0;
    const bottom = this.top + this.lane * line.lanes.length;
    const ratio = devicePixelRatio || 1;
    this.canvas.style.height = `${bottom + 3.6 * font}px`;
    this.canvas.width = width * ratio;
    this.canvas.height = (bottom + 3.6 * font) * ratio;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = `${font}px ${getComputedStyle(document.body).fontFamily}`;
    this.drawAxis(pen, bottom, font, colour);
    this.drawNames(pen, colour, font);
    this.drawBlocks(pen, colour);
    drawStalls(pen, this, bottom, font, colour);
    if (this.drag) {
      pen.globalAlpha = 0.25;
      pen.fillStyle = colour("soft");
      pen.fillRect(Math.min(this.drag.x, this.drag.to), 0, Math.abs(this.drag.to - this.drag.x), bottom);
    }
  }

  // A phone has room for the number of a process only.
  nameOf(worker) {
    return this.canvas.clientWidth < 600 ? worker.replace("process ", "") : worker;
  }

  measureNames(font) {
    const pen = this.canvas.getContext("2d");
    pen.font = `${font}px ${getComputedStyle(document.body).fontFamily}`;
    this.left = 12 + Math.max(...this.line.workers.map((worker) => pen.measureText(this.nameOf(worker)).width));
  }

  drawAxis(pen, bottom, font, colour) {
    const span = this.to - this.from;
    const [unit, name] = span >= 12e7 ? [6e7, "minutes"] : span >= 1e6 ? [1e6, "seconds"] : span >= 1e3 ? [1e3, "milliseconds"] : [1, "microseconds"];
    const most = (this.right - this.left) / (8 * font);
    const power = 10 ** Math.floor(Math.log10(span / unit / most));
    const step = power * [1, 2, 5, 10].find((factor) => power * factor * most >= span / unit);
    pen.textAlign = "center";
    for (let tick = Math.ceil(this.from / unit / step); tick * step <= this.to / unit; tick += 1) {
      const x = this.x(tick * step * unit);
      pen.fillStyle = colour("line");
      pen.fillRect(x, 0, 1, bottom + 4);
      pen.fillStyle = colour("soft");
      const text = (tick * step).toLocaleString("en", { maximumFractionDigits: 6 });
      const half = pen.measureText(text).width / 2;
      pen.fillText(text, Math.min(Math.max(x, half), this.right + 8 - half), bottom + 4 + font);
    }
    pen.textAlign = "left";
    const what = this.right < 600 ? "time" : "time since the first job was enqueued";
    pen.fillText(`${what}, in ${name}`, this.left, bottom + 8 + 2.3 * font);
  }

  drawNames(pen, colour, font) {
    const { lanes, workers } = this.line;
    pen.textAlign = "right";
    pen.fillStyle = colour("ink");
    for (let lane = 0; lane < lanes.length;) {
      const end = lanes.lastIndexOf(lanes[lane]) + 1;
      const height = (end - lane) * this.lane;
      if (height >= font) {
        pen.fillText(this.nameOf(workers[lanes[lane]]), this.left - 8, this.top + lane * this.lane + height / 2 + font / 3);
      }
      lane = end;
    }
  }

  drawBlocks(pen, colour) {
    const { lane, start, length, lanes } = this.line;
    const colours = Array.from({ length: PROCESSES }, (_, place) => colour(`process-${place}`));
    const gap = Math.min(1, this.lane / 6);
    pen.save();
    pen.beginPath();
    pen.rect(this.left, this.top, this.right - this.left, this.lane * lanes.length);
    pen.clip();
    for (let place = 0; place < lane.length; place += 1) {
      if (start[place] + length[place] < this.from || start[place] > this.to) continue;
      const x = this.x(start[place]);
      const width = this.x(start[place] + length[place]) - x;
      pen.fillStyle = colours[lanes[lane[place]] % PROCESSES];
      // A paper-wide gap keeps neighbours apart that follow without a pause.
      const wide = Math.max(width - (width > 3 ? 1 : 0), 0.7);
      const high = this.lane - 2 * gap;
      const y = this.top + lane[place] * this.lane + gap;
      drawBar(pen, x, y, wide, high, this.ran(place), this.busy(place));
    }
    pen.restore();
  }

  // The share of a bar in which its jobs ran; null where that is not known.
  ran(place) {
    const { cpu, jobs, length } = this.line;
    if (!cpu || cpu[place] === null) return null;
    if (!length[place]) return 1;
    return Math.min(((jobs ? jobs[place] : 1) * cpu[place]) / length[place], 1);
  }

  busy(place) {
    const { jobs, service, length } = this.line;
    if (!jobs || !length[place]) return 1;
    return Math.min(Math.max((jobs[place] * service[place]) / length[place], 0.25), 1);
  }

  x(us) {
    return this.left + ((us - this.from) / (this.to - this.from)) * (this.right - this.left);
  }

  us(x) {
    const part = (x - this.left) / (this.right - this.left);
    return this.from + Math.min(Math.max(part, 0), 1) * (this.to - this.from);
  }

  at(event) {
    const { lane, start, length } = this.line;
    const row = Math.floor((event.offsetY - this.top) / this.lane);
    const slack = (this.to - this.from) / (this.right - this.left) * 2;
    const us = this.us(event.offsetX);
    let nearest = -1;
    let distance = slack;
    for (let place = 0; place < lane.length; place += 1) {
      if (lane[place] !== row) continue;
      const away = Math.max(start[place] - us, us - start[place] - length[place], 0);
      if (away < distance || (away === 0 && distance === 0)) [nearest, distance] = [place, away];
    }
    return nearest;
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
      const ends = [this.us(drag.x), this.us(drag.to)];
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
    const place = this.at(event);
    showTip(place < 0 ? this.toldOfLoop(event) : this.told(place), event);
  }

  toldOfLoop(event) {
    const us = this.us(event.offsetX);
    const stall = this.line.stalls.find(([began, length]) => began <= us && us <= began + length);
    return stall ? `${stoodStill(stall[1])},\nfrom ${said(stall[0])} on` : "";
  }

  told(place) {
    const { lanes, lane, workers, jobs, index, wait, service, alone, start, cpu } = this.line;
    const who = `${workers[lanes[lane[place]]]}, lane ${lane[place] + 1}`;
    const took = said(service[place]);
    const ran = cpu && cpu[place] !== null ? `ran ${said(cpu[place])} of ${took}` : `was done in ${took}`;
    const times = `waited ${said(wait[place])}\n${ran}, alone ${said(alone[place])}`;
    if (jobs && jobs[place] > 1) {
      const idle = Math.round(100 * (1 - this.busy(place)));
      return `${jobs[place]} jobs from job ${index[place]} on\n${who}\nbegan at ${said(start[place])}, idle ${idle} %\non average ${times}`;
    }
    return `job ${index[place]}\n${who}\nbegan at ${said(start[place])}\n${times}`;
  }
}
