"use strict";
// The page: what the server says goes to the stage and to the comparisons. The last script: all others are there.

const server = new Server({
  snapshot(snapshot) {
    known.runs = new Map(snapshot.runs.map((run) => [run.id, run]));
    known.moves = new Map(Object.entries(snapshot.moves ?? {}));
    known.depths = snapshot.depths ?? {};
    known.workers = snapshot.workers?.answering ?? [];
    known.queue = snapshot.queue ?? [];
    known.own = snapshot.own ?? null;
    offer(snapshot.contenders ?? []);
    offerLessons(snapshot.lessons ?? []);
    this.broker(snapshot.broker ?? { up: true });
    const shows = [...known.runs.values()].filter((run) => run.kind === "exhibition");
    // One that was played goes before a later one that nobody could play.
    const newest = shows.findLast(goesOn) ?? shows.findLast((run) => run.status === "done") ?? shows.at(-1);
    // What is on the boards stays there, also where a server that was started anew does not know it.
    if (newest && (goesOn(newest) || !known.runs.has(watched))) watch(newest.id);
    else if (known.runs.has(watched)) watch(watched);
    else if (!watched) showEmpty();
    const all = [...known.runs.values()];
    const latest = all.findLast(goesOn) ?? (document.body.dataset.shows ? null : all.at(-1));
    if (latest) front(latest.kind);
    showRuns();
  },
  state(run) {
    const before = known.runs.get(run.id);
    known.runs.set(run.id, run);
    if (!before && goesOn(run)) begin(run);
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
  own(id) {
    known.own = id;
    showRuns();
  },
  broker({ up, says }) {
    if (at("broker").hidden !== up) announce(up ? "The broker is there again." : "The broker is away.");
    at("broker").hidden = up;
    const why = says || "nothing answers";
    say(at("broker"), up ? "" : `The broker is away: ${why}. It is waited for; nothing is heard of runs meanwhile.`);
    quieten();
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
    quieten();
  },
  back() {
    at("cut").hidden = true;
    quieten();
    announce("Connected to the server again.");
  },
});

// What begins is what one wants to see next, whatever was chosen before.
function begin(run) {
  front(run.kind);
  if (run.kind !== "exhibition") known.chosen = null;
}

// Nothing is heard of what goes on: clocks that went on would tell what nobody knows.
function quieten() {
  stage.quiet = !at("cut").hidden || !at("broker").hidden;
  stage.wake();
}

function tellExhibition(before, run) {
  if (!before && goesOn(run)) announce(`An exhibition begins: ${run.title}.`);
  if (before && goesOn(before) && !goesOn(run)) {
    const time = ({ measured_s: measured }) => (measured ? seconds(measured) : "did not end");
    const times = run.lanes.map((lane) => `${lane.name} ${time(lane)}`);
    announce(`The exhibition is over: ${times.join(", ")}.`);
  }
}

function tellComparison(before, run) {
  if (!before && goesOn(run)) announce(`A ${run.kind} begins: ${run.title}.`);
  if (before && goesOn(before) && !goesOn(run)) announce(`The ${run.kind} of ${run.title} is ${run.status}.`);
}

setTheme(remembered());
allow();
showEmpty();
showRuns();
