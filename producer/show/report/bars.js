// What timelines draw: bars filled as high as their jobs ran, and the times in which an event loop stood still.

// How much a bar is seen where its job stood still, and where nobody knows whether it ran: as bars.py has it.
const PALE = 0.3;
const UNKNOWN = 0.65;

// From so many microseconds on, what they are divided by, and the unit: as words.py has it.
const UNITS = [[12e7, 6e7, "min"], [1e6, 1e6, "s"], [1e3, 1e3, "ms"], [0, 1, "µs"]];

function said(us) {
  if (!us) return "0 s";
  const [, scale, unit] = UNITS.find(([least]) => us >= least);
  const value = us / scale;
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${unit}`;
}

function stoodStill(us) {
  return `the loop stood still for ${said(us)}`;
}

// Draw a bar in the colour of the pen: `ran` is the share of its time in which its job ran, null where nobody
// knows, and `seen` how much of a bar of many jobs was work.
function drawBar(pen, x, y, width, height, ran, seen) {
  pen.globalAlpha = (ran === null ? UNKNOWN : PALE) * seen;
  pen.fillRect(x, y, width, height);
  if (ran === null) return;
  // Filled from below: nobody knows when within its time it ran.
  pen.globalAlpha = 1;
  pen.fillRect(x, y + height * (1 - ran), width, height * ran);
}

// Hatch the times in which the loop stood still, and say in the strip above the lanes how long.
function drawStalls(pen, view, bottom, font) {
  const { stalls } = view.line;
  const longest = Math.max(...stalls.map(([, length]) => length));
  pen.save();
  pen.beginPath();
  pen.rect(view.left, 0, view.right - view.left, bottom);
  pen.clip();
  pen.strokeStyle = colour("ink");
  pen.textAlign = "left";
  for (const [began, length] of stalls) {
    if (began + length < view.from || began > view.to) continue;
    const x = Math.max(view.x(began), view.left - 1);
    const width = Math.max(Math.min(view.x(began + length), view.right + 1) - x, 1);
    hatch(pen, x, width, bottom);
    const text = stoodStill(length);
    const wide = pen.measureText(text).width;
    if (length < longest && wide + 10 > width) continue;
    const left = Math.max(Math.min(x + 5, view.right - wide - 5), view.left + 5);
    pen.fillStyle = colour("paper");
    pen.fillRect(left - 3, 2, wide + 6, 1.5 * font);
    pen.fillStyle = colour("ink");
    pen.fillText(text, left, 1.3 * font);
  }
  pen.restore();
}

function hatch(pen, x, width, height) {
  pen.save();
  pen.beginPath();
  pen.rect(x, 0, width, height);
  pen.globalAlpha = 0.35;
  pen.stroke();
  pen.clip();
  pen.beginPath();
  for (let slant = 7; slant < width + height; slant += 7) {
    pen.moveTo(x + slant, 0);
    pen.lineTo(x + slant - height, height);
  }
  pen.stroke();
  pen.restore();
}
