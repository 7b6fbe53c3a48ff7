// The lanes of one contender, drawn between two moments on a canvas: a lane for each slot, a bar for each job.

const PROCESSES = 6;
const lines = JSON.parse(document.getElementById("lines").textContent);

function fontSize(canvas) {
  return parseFloat(getComputedStyle(canvas).fontSize);
}

// A pen for a canvas that is emptied and made so high, in pixels.
function sizedPen(canvas, height) {
  const ratio = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = `${fontSize(canvas)}px ${getComputedStyle(document.body).fontFamily}`;
  return pen;
}

class Lanes {
  // Who draws them sets `left`, `right` and `top`, and `lane`, the height of one: all in pixels.
  constructor(line, canvas) {
    Object.assign(this, { line, canvas, from: 0, to: line.end, top: 0 });
  }

  // A phone has room for the number of a process only.
  nameOf(worker) {
    return this.canvas.clientWidth < 600 ? worker.replace("process ", "") : worker;
  }

  widthOfNames(pen) {
    return 12 + Math.max(...this.line.workers.map((worker) => pen.measureText(this.nameOf(worker)).width));
  }

  drawAxis(pen, bottom, font) {
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

  drawNames(pen, font) {
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

  drawBlocks(pen) {
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

  // The bar at a place of the canvas, or next to it; -1 where there is none.
  barAt(x, y) {
    const { lane, start, length } = this.line;
    const row = Math.floor((y - this.top) / this.lane);
    const us = this.us(x);
    let nearest = -1;
    let distance = (this.to - this.from) / (this.right - this.left) * 2;
    for (let place = 0; place < lane.length; place += 1) {
      if (lane[place] !== row) continue;
      const away = Math.max(start[place] - us, us - start[place] - length[place], 0);
      if (away < distance || (away === 0 && distance === 0)) [nearest, distance] = [place, away];
    }
    return nearest;
  }
}
