"use strict";
// Comparisons, runs and workers: drawn once a frame at most, and where they have changed.

const comparisons = new Map();
let drawing = null;

function showRuns() {
  drawing ??= requestAnimationFrame(() => {
    drawing = null;
    showComparisons();
    const may = Boolean(server.token);
    list(at("queue"), known.queue, (run) => [named(run), may ? stopButton(run.id, run.title) : ""], "Nothing waits.");
    const past = [...known.runs.values()].reverse();
    list(at("past"), past, (run) => [`${named(run)}: ${run.status} `, chooser(run)], "No run yet.");
    const nobody = past.some(goesOn) ? "They are asked again when no run goes on."
      : "None that was started by hand. A run may start workers of its own.";
    list(at("workers"), known.workers, ({ name, queues, slots }) => [
      make("b", {}, name), ` ${counted(slots ?? 0, "slot")}: ${(queues ?? []).join(", ")}`,
    ], nobody);
    showStop();
  });
}

function list(element, items, write, empty) {
  const key = JSON.stringify([items, watched, [...comparisons.keys()], Boolean(server.token), empty]);
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.replaceChildren(...items.map((item) => make("li", {}, ...write(item))));
  if (!items.length) element.append(make("li", { className: "soft" }, empty));
}

// A run by who takes part in it, and what it is.
function named({ lanes, names = [], title }) {
  const who = lanes?.length ? [...new Set(lanes.map((lane) => lane.name))] : names;
  const more = who.length > 4 ? ", …" : "";
  return who.length ? `${who.slice(0, 4).join(", ")}${more} – ${title}` : title;
}

function chooser(run) {
  const place = run.kind === "exhibition" ? "exhibition" : "comparisons";
  if (run.id === watched) return make("span", { className: "soft" }, "(on the boards)");
  if (comparisons.has(run.id)) return make("span", { className: "soft" }, "(above)");
  const button = make("button", { type: "button" }, "Show");
  button.addEventListener("click", () => {
    front(run.kind);
    if (run.kind === "exhibition") watch(run.id);
    else known.chosen = run.id;
    showRuns();
    at(place).scrollIntoView();
  });
  return button;
}

// What presentation mode shows: the race, or the comparisons.
function front(kind) {
  document.body.dataset.shows = kind === "exhibition" ? "race" : "comparison";
}

function stopButton(id, title) {
  const button = make("button", { type: "button", className: "stop", ariaLabel: `Stop ${title}` }, "Stop");
  button.dataset.run = id;
  return button;
}

function showComparisons() {
  const all = [...known.runs.values()].filter((run) => run.kind !== "exhibition");
  // What goes on, and of what has ended the one that was chosen, or the newest.
  const chosen = all.find((run) => run.id === known.chosen) ?? all.at(-1);
  const shown = all.filter((run) => goesOn(run) || run === chosen).reverse();
  at("no-comparison").hidden = shown.length > 0;
  for (const [id, view] of comparisons) {
    if (shown.some((run) => run.id === id)) continue;
    view.element.remove();
    comparisons.delete(id);
  }
  for (const run of shown) {
    if (!comparisons.has(run.id)) {
      comparisons.set(run.id, new ComparisonView(run));
      at("compared").prepend(comparisons.get(run.id).element);
    }
    comparisons.get(run.id).update(run, known.depths[run.id] ?? {});
  }
  const below = shown.some(goesOn);
  at("below").hidden = !below;
  at("to-comparisons").toggleAttribute("data-goes-on", below);
}

// What others have started, they stop.
function stoppable(run) {
  return goesOn(run) && run.id === known.own;
}

function showStop() {
  const run = known.runs.get(watched);
  at("stop").hidden = !run || !stoppable(run);
  at("stop").dataset.run = watched ?? "";
  for (const button of document.querySelectorAll("button.stop")) button.disabled = !server.token;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button.stop");
  if (!button) return;
  try {
    await server.ask(`/runs/${encodeURIComponent(button.dataset.run)}/stop`);
    announce("It is being stopped.");
  } catch (error) {
    announce("It was not stopped.");
    at("refused").hidden = false;
    say(at("refused"), `It was not stopped: ${error.message}`);
    setTimeout(() => { at("refused").hidden = true; }, 10000);
  }
});
