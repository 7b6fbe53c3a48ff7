// Two contenders on one axis of time, played back: their bars grow as time goes on.

const STEPS = 10; // of a playback that does not move, for who asks for less motion
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

function countDone(line, us) {
  let done = 0;
  for (let place = 0; place < line.start.length; place += 1) {
    if (line.start[place] + line.length[place] <= us) done += line.jobs ? line.jobs[place] : 1;
  }
  return done;
}

class Pair {
  constructor(figure) {
    this.figure = figure;
    this.canvas = figure.querySelector("canvas");
    this.button = figure.querySelector(".play");
    this.slider = figure.querySelector("input");
    this.selects = [...figure.querySelectorAll(".side select")];
    for (const select of this.selects) select.addEventListener("change", () => this.choose());
    this.slider.addEventListener("input", () => {
      this.pause();
      this.show((this.end * this.slider.value) / this.slider.max);
    });
    this.button.addEventListener("click", () => this.press());
    stillness.addEventListener("change", () => this.pause());
    new ResizeObserver(() => this.draw()).observe(figure.querySelector(".stage"));
    redraws.push(() => this.draw());
    this.choose();
  }

  choose() {
    this.pause();
    this.lanes = this.selects.map(({ value }) => new Lanes(lines[this.figure.dataset.key][value], this.canvas));
    this.end = Math.max(...this.lanes.map(({ line }) => line.end));
    for (const lanes of this.lanes) lanes.to = this.end;
    const [upper, lower] = this.lanes.map(({ line }) => line);
    const [first, last] = upper.end <= lower.end ? [upper, lower] : [lower, upper];
    if (upper === lower) {
      this.figure.querySelector("figcaption").textContent = `Both are ${upper.name}: ${said(upper.end)}.`;
      this.show(this.end);
      return;
    }
    const times = first.end ? last.end / first.end : 1;
    const much = times < 1.005 ? "as long" : `${times.toFixed(times < 10 ? 2 : 1)} times as long`;
    this.figure.querySelector("figcaption").textContent =
      `In these two runs ${first.name} took ${said(first.end)}, ${last.name} ${said(last.end)}: ${much}.`;
    this.show(this.end);
  }

  press() {
    if (this.playing) {
      this.pause();
      return;
    }
    const from = this.at >= this.end ? 0 : this.at;
    if (stillness.matches) {
      this.show(Math.min((Math.floor((from / this.end) * STEPS + 1e-9) + 1) / STEPS, 1) * this.end);
      return;
    }
    const takes = 1000 * Number(this.figure.querySelector(".speed").value) || this.end / 1000;
    const began = performance.now() - (from / this.end) * takes;
    const frame = (now) => {
      const part = Math.min(Math.max((now - began) / takes, 0), 1);
      this.show(part * this.end);
      if (part < 1) this.playing = requestAnimationFrame(frame);
      else this.pause();
    };
    this.playing = requestAnimationFrame(frame);
    this.name();
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.name();
  }

  name() {
    const still = stillness.matches ? "Next step" : "Play";
    this.button.textContent = this.playing ? "Pause" : still;
  }

  show(us) {
    this.at = us;
    this.slider.value = (this.slider.max * us) / (this.end || 1);
    this.slider.setAttribute("aria-valuetext", said(us));
    this.figure.querySelector("output").textContent = said(us);
    for (const [place, { line }] of this.lanes.entries()) {
      const all = line.jobs ? line.jobs.reduce((sum, jobs) => sum + jobs, 0) : line.start.length;
      const done = countDone(line, us);
      const counter = this.figure.querySelectorAll(".done")[place];
      counter.textContent = `${done.toLocaleString("en")} of ${all.toLocaleString("en")} jobs done`;
    }
    this.draw();
  }

  draw() {
    const width = this.canvas.clientWidth;
    if (!width || this.at === undefined) return;
    const font = fontSize(this.canvas);
    const each = Math.min(0.24 * innerHeight, 190);
    let top = 0;
    for (const lanes of this.lanes) {
      lanes.lane = Math.min(each / lanes.line.lanes.length, 26);
      lanes.top = top;
      top += lanes.lane * lanes.line.lanes.length + font;
    }
    const bottom = top - font;
    const pen = sizedPen(this.canvas, bottom + 3.6 * font);
    const left = Math.max(...this.lanes.map((lanes) => lanes.widthOfNames(pen)));
    for (const lanes of this.lanes) Object.assign(lanes, { left, right: width - 8 });
    this.lanes[0].drawAxis(pen, bottom, font);
    const now = this.lanes[0].x(this.at);
    for (const lanes of this.lanes) {
      pen.save();
      lanes.drawNames(pen, font);
      pen.beginPath();
      pen.rect(0, 0, now, bottom);
      pen.clip();
      lanes.drawBlocks(pen);
      pen.restore();
    }
    pen.fillStyle = colour("line");
    pen.fillRect(0, this.lanes[1].top - font / 2, width, 1);
    pen.fillStyle = colour("ink");
    pen.fillRect(now - 1, 0, 2, bottom + 4);
  }
}
