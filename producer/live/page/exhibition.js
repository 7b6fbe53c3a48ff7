"use strict";
// What is known, and which exhibition is on the stage.

const at = (id) => document.getElementById(id);
const known = { runs: new Map(), moves: new Map(), depths: {}, queue: [], own: null, chosen: null, workers: [] };
const stage = new Stage(at("lanes"), {
  play: at("play"), back: at("back"), forward: at("forward"), time: at("time"), moment: at("moment"),
  speed: at("speed"), live: at("live"), player: at("player"), closer: showCloser,
});
let watched = null; // the id of the exhibition on the stage

function goesOn(run) {
  return !run.ended && !["done", "failed", "interrupted"].includes(run.status);
}

// Important things, seldom: a screen reader reads each of them aloud.
function announce(text) {
  at("aloud").textContent = text;
}

function watch(id) {
  watched = id;
  const run = known.runs.get(id);
  if (!run) return showEmpty();
  const shown = stage.run?.id === id;
  showExhibition(run);
  // Who has started it wants to see the boards, and not the button.
  if (id === known.asked) {
    at("lanes").scrollIntoView();
    say(at("asked"), "");
    known.asked = null;
  }
  for (const [lane, moves] of Object.entries(known.moves.get(id) ?? {})) stage.add(Number(lane), moves);
  if (!shown) stage.settle();
  return showRuns();
}

function showExhibition(run) {
  if (run.lanes.length) stage.show(run);
  else showSetUp(run, run.names ?? ["…"], "starting");
  const masters = run.judits > 1 ? `${number(run.judits)} masters` : "One master";
  say(at("title"), `${masters}, ${counted(run.opponents, "board")}`);
  say(at("says"), `${run.title}. ${tellStatus(run)}`);
}

// Boards that are set up, as long as nobody has started anything.
function showEmpty() {
  const names = [0, 1].map((place) => at(`lane-${place}`).value).filter(Boolean);
  showSetUp({ id: "", hour_s: 1, opponents: 24, judits: 1 }, names.length ? names : ["…"], "set up");
}

function showSetUp(run, names, status) {
  const lanes = names.map((name, place) => ({
    name, in_turn: name === "serial" || (run.id ? name.endsWith("/in-turn") : at(`in-turn-${place}`).checked),
    plies: [], status,
    measured_s: null, ideal_s: null,
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
