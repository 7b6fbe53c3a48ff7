"use strict";
// The page: what the server says goes to the stage and to the comparisons; what people press goes to the server.

const at = (id) => document.getElementById(id);
const root = document.documentElement;
const known = { runs: new Map(), moves: new Map(), depths: {}, queue: [], workers: [], fresh: true };
const comparisons = new Map();
const stage = new Stage(at("lanes"), {
  play: at("play"), back: at("back"), forward: at("forward"), time: at("time"), moment: at("moment"),
  speed: at("speed"), live: at("live"), closer: showCloser,
});
let watched = null; // the id of the exhibition on the stage

// --- what the server says -------------------------------------------------------------------------

const server = new Server({
  snapshot(snapshot) {
    known.runs = new Map(snapshot.runs.map((run) => [run.id, run]));
    known.moves = new Map(Object.entries(snapshot.moves ?? {}));
    known.depths = snapshot.depths ?? {};
    known.workers = snapshot.workers?.answering ?? [];
    known.queue = snapshot.queue ?? [];
    offer(snapshot.contenders ?? []);
    this.broker(snapshot.broker ?? { up: true });
    const shows = [...known.runs.values()].filter((run) => run.kind === "exhibition");
    const newest = shows.findLast(goesOn) ?? shows.at(-1);
    if (!known.runs.has(watched) || (newest && goesOn(newest))) watch(newest?.id ?? null);
    else watch(watched);
    comparisons.clear();
    at("compared").replaceChildren();
    showRuns();
  },
  state(run) {
    const before = known.runs.get(run.id);
    known.runs.set(run.id, run);
    if (run.kind !== "exhibition") tellComparison(before, run);
    else {
      tellExhibition(before, run);
      if (run.id === watched) showExhibition(run);
      else if (goesOn(run) && !before) watch(run.id);
    }
    showRuns();
  },
  moves({ id, lane, moves }) {
    const lanes = known.moves.get(id) ?? {};
    known.moves.set(id, lanes);
    (lanes[lane] ??= []).push(...moves);
    if (id === watched) stage.add(lane, moves);
  },
  queue(queue) {
    known.queue = queue;
    showRuns();
  },
  broker({ up, says }) {
    at("broker").hidden = up;
    say(at("broker"), up ? "" : `The broker is away: ${says || "nothing answers"}. It is waited for; nothing can run meanwhile.`);
  },
  depths(depths) {
    known.depths = depths;
    showRuns();
  },
  workers(workers) {
    known.workers = workers?.answering ?? [];
    showRuns();
  },
  report({ id }) {
    const run = known.runs.get(id);
    if (run) this.state({ ...run, report: true });
  },
  cut(seconds, since) {
    if (at("cut").hidden) announce("Cut off from the server.");
    at("cut").hidden = false;
    say(at("cut"), `Cut off from the server for ${seconds} s. It is tried again by itself; what you see is as of ` +
      `${since.toLocaleTimeString("en-GB")}.`);
  },
  back() {
    at("cut").hidden = true;
    announce("Connected to the server again.");
  },
});

function goesOn(run) {
  return !run.ended && !["done", "failed", "interrupted"].includes(run.status);
}

// Important things, seldom: a screen reader reads each of them aloud.
function announce(text) {
  at("aloud").textContent = text;
}

function tellExhibition(before, run) {
  if (!before && goesOn(run)) announce(`An exhibition begins: ${run.lanes.map((lane) => lane.name).join(" against ")}.`);
  if (before && goesOn(before) && !goesOn(run)) {
    const times = run.lanes.map((lane) => `${lane.name} ${lane.measured_s ? seconds(lane.measured_s) : "did not end"}`);
    announce(`The exhibition is over: ${times.join(", ")}.`);
  }
}

function tellComparison(before, run) {
  if (!before && goesOn(run)) announce(`A ${run.kind} begins: ${run.title}.`);
  if (before && goesOn(before) && !goesOn(run)) announce(`The ${run.kind} of ${run.title} is ${run.status}.`);
}

// --- the exhibition -------------------------------------------------------------------------------

function watch(id) {
  watched = id;
  const run = known.runs.get(id);
  if (!run) return showEmpty();
  showExhibition(run);
  for (const [lane, moves] of Object.entries(known.moves.get(id) ?? {})) stage.add(Number(lane), moves);
  stage.settle();
  return showRuns();
}

function showExhibition(run) {
  if (run.lanes.length) stage.show(run);
  else showSetUp(run, run.race === false ? ["…"] : ["…", "…"], "starting");
  say(at("title"), run.judits > 1 ? `${number(run.judits)} masters, ${number(run.opponents)} boards` : `One master, ${number(run.opponents)} boards`);
  say(at("says"), [run.title, run.says].filter(Boolean).join(". "));
}

// Boards that are set up, as long as nobody has started anything.
function showEmpty() {
  const names = [0, 1].map((place) => at(`lane-${place}`).value).filter(Boolean);
  showSetUp({ id: "", hour_s: 1, opponents: 24, judits: 1 }, names.length ? names : ["…"], "set up");
}

function showSetUp(run, names, status) {
  const lanes = names.map((name, place) => ({
    name, in_turn: name === "serial" || at(`in-turn-${place}`).checked, plies: [], status, measured_s: null, ideal_s: null,
  }));
  stage.show({ ...run, id: `${run.id} set up for ${names}`, status, lanes });
}

function showCloser(view, board) {
  const dialog = at("closer");
  const large = board.svg.cloneNode(true);
  const games = view.games.boards[board.place];
  const text = board.tell(games, view.games.over(board.place), view.result(board.place));
  dialog.replaceChildren(
    make("h2", {}, `Board ${board.place + 1}${board.opening ? `: ${board.opening}` : ""}`), large,
    make("p", {}, `${view.lane.name}. ${text}.`),
    make("form", { method: "dialog" }, make("button", { className: "main" }, "Close")),
  );
  dialog.showModal();
}

// --- comparisons, runs, workers: drawn once a frame at most ---------------------------------------------

let drawing = null;

function showRuns() {
  drawing ??= requestAnimationFrame(() => {
    drawing = null;
    showComparisons();
    const may = Boolean(server.token);
    list(at("queue"), known.queue, ({ id, title }) => [title, may ? stopButton(id, title) : ""], "Nothing waits.");
    const past = [...known.runs.values()].reverse();
    list(at("past"), past, (run) => [
      make("span", {}, `${run.lanes.map((lane) => lane.name).slice(0, 4).join(", ")} – ${run.title}: ${run.status} `), chooser(run),
    ], "No run yet.");
    list(at("workers"), known.workers, ({ name, queues, slots }) => [
      make("b", {}, name), ` ${counted(slots ?? 0, "slot")}: ${(queues ?? []).join(", ")}`,
    ], "None that was started by hand. A run may start workers of its own.");
    showStop();
  });
}

function list(element, items, write, empty) {
  const key = JSON.stringify([items, watched, Boolean(server.token)]);
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.replaceChildren(...items.map((item) => make("li", {}, ...write(item))));
  if (!items.length) element.append(make("li", { className: "soft" }, empty));
}

function chooser(run) {
  if (run.kind !== "exhibition") return "";
  if (run.id === watched) return make("span", { className: "soft" }, "(on the boards)");
  const button = make("button", { type: "button" }, "Show");
  button.addEventListener("click", () => {
    watch(run.id);
    at("exhibition").scrollIntoView();
  });
  return button;
}

function stopButton(id, title) {
  const button = make("button", { type: "button", className: "stop", ariaLabel: `Stop ${title}` }, "Stop");
  button.dataset.run = id;
  return button;
}

function showComparisons() {
  const all = [...known.runs.values()].filter((run) => run.kind !== "exhibition");
  // What goes on, and of what has ended the newest.
  const shown = all.filter((run, place) => goesOn(run) || place === all.length - 1).reverse();
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
  const newest = [...known.runs.values()].findLast(goesOn);
  const below = shown.some(goesOn);
  at("below").hidden = !below;
  at("to-comparisons").toggleAttribute("data-goes-on", below);
  document.body.dataset.shows = newest && newest.kind !== "exhibition" ? "comparison" : "race";
}

function showStop() {
  const run = known.runs.get(watched);
  at("stop").hidden = !run || !goesOn(run);
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
    at("refused").hidden = false;
    say(at("refused"), `It was not stopped: ${error.message}`);
    setTimeout(() => { at("refused").hidden = true; }, 10000);
  }
});

// --- starting ------------------------------------------------------------------------------------

function offer(contenders) {
  const preferred = ["serial", "celery:gevent"];
  for (const place of [0, 1]) {
    const select = at(`lane-${place}`);
    const before = select.value;
    select.replaceChildren(...contenders.map((name) => new Option(name, name)));
    if (place) select.append(new Option("nobody", ""));
    const wanted = [before, preferred[place]].find((name) => name && contenders.includes(name));
    select.value = wanted ?? contenders[Math.min(place, contenders.length - 1)] ?? "";
  }
  allow();
}

function allow() {
  at("go").disabled = !server.token || !at("lane-0").options.length;
  at("go").title = server.token ? "" : "Needs the token that is printed with the address";
  at("token").hidden = Boolean(server.token);
}

function refuse(error) {
  say(at("asked"), error.message);
  at("asked").className = "refused";
  if (error.status === 401 || error.status === 403) at("token").hidden = false;
}

at("start").addEventListener("submit", async (event) => {
  event.preventDefault();
  const side = (place) => at(`lane-${place}`).value + (at(`in-turn-${place}`).checked ? "/in-turn" : "");
  const lanes = [0, 1].filter((place) => at(`lane-${place}`).value).map(side);
  const value = (id) => Number(at(id).value);
  at("asked").className = "";
  say(at("asked"), "Asked for …");
  try {
    await server.ask("/runs", {
      kind: "race", lanes, hour_s: value("hour"), opponents: value("opponents"), moves: value("moves"),
      judits: value("judits"), seed: value("seed"),
    });
    say(at("asked"), "It is asked for, and starts as soon as nothing else runs.");
  } catch (error) {
    refuse(error);
  }
});

for (const id of ["lane-0", "lane-1", "in-turn-0", "in-turn-1"]) {
  at(id).addEventListener("change", () => { if (!watched) showEmpty(); });
}

at("token").addEventListener("submit", (event) => {
  event.preventDefault();
  server.setToken(at("token-typed").value.trim());
  at("token-typed").value = "";
  allow();
  showRuns();
});

// --- theme, presentation, keys -----------------------------------------------------------------------

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

function remembered(value) {
  try {
    if (value) localStorage.setItem("simul-theme", value);
    return localStorage.getItem("simul-theme");
  } catch {
    return null;
  }
}

function setTheme(theme) {
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : darkSystem.matches;
  say(at("theme"), dark ? "Light" : "Dark");
}

at("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : darkSystem.matches;
  setTheme(dark ? "light" : "dark");
  remembered(root.dataset.theme);
});
darkSystem.addEventListener("change", () => setTheme());

function present(presenting) {
  stage.presenting = presenting;
  document.body.classList.toggle("presenting", presenting);
  at("present").ariaPressed = String(presenting);
  if (presenting) scrollTo(0, 0);
  stage.measure();
}

const keys = {
  " ": () => stage.toggle(),
  ArrowLeft: () => stage.step(-1),
  ArrowRight: () => stage.step(1),
  Home: () => stage.go(0),
  End: () => stage.go(stage.end),
  "-": () => stage.faster(-1),
  "+": () => stage.faster(1),
  "=": () => stage.faster(1),
  l: () => stage.follow(),
  p: () => present(!stage.presenting),
  Escape: () => present(false),
  "?": () => at("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (target.matches?.("input:not([type=range]), select, textarea, iframe")) return;
  // A button or a summary that has the focus is pressed with the space bar.
  if (key === " " && target.matches?.("button, summary, a")) return;
  if (!(key in keys)) return;
  event.preventDefault();
  keys[key]();
});

at("present").addEventListener("click", () => present(!stage.presenting));
at("help").addEventListener("click", () => at("keys").showModal());
setTheme(remembered());
allow();
showEmpty();
showRuns();
