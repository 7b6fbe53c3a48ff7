"use strict";
// How things are said: numbers, times, and what is seen in a lane.

// Makes an element. Text is always text: names come from others.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Sets the text where it differs: what has not changed is not laid out again.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function number(value, digits = 0) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace("-", "−");
}

function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

// Seconds as people say them: 3.2 ms, 1.08 s, 12.0 s, 3 min 20 s.
function seconds(value) {
  const size = Math.abs(value);
  if (size < 0.0005) return "0 s";
  if (size < 0.1) return `${number(value * 1000, size < 0.00995 ? 1 : 0)} ms`;
  if (size < 120) return `${number(value, size < 9.995 ? 2 : 1)} s`;
  return `${number(Math.floor(value / 60))} min ${number(Math.round(value % 60))} s`;
}

// Seconds on a clock: h:mm:ss.
function clock(value) {
  const whole = Math.max(Math.floor(value + 1e-6), 0);
  const two = (part) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

// How far what was measured is from the ideal.
function apart(measured, ideal) {
  const more = measured - ideal;
  const percent = (100 * Math.abs(more)) / ideal;
  if (percent < 0.05) return "as long as the ideal";
  const much = `${seconds(Math.abs(more))} (${number(percent, percent < 9.95 ? 1 : 0)} %)`;
  return `${much} ${more < 0 ? "below" : "above"} the ideal`;
}

// From so many seconds of hers on the screen on, one can follow Judit move by move, and is told of each.
const FOLLOWED_S = 0.25;

// How long a thought of hers lasts on the screen.
function thoughtOnScreen(run, pace) {
  return ((run.judit_s ?? 5) * run.hour_s) / 3600 / pace;
}

// What there is to do with an exhibition that has ended; until then, and where it has failed, what it says.
function tellStatus({ status, says, lanes }) {
  if (status === "done") return "It is over: replay it below, at any speed.";
  if (status === "playing" && lanes.every((lane) => ["done", "failed"].includes(lane.status))) {
    return "The games are over; the workers are being stopped.";
  }
  return says ? `${says[0].toUpperCase()}${says.slice(1)}${/[.!?…]$/.test(says) ? "" : "."}` : "";
}

// What is seen in a lane of an exhibition at a time. `pace`: seconds of the lane in a second of the screen.
function tellLane(run, lane, games, time, pace) {
  if (lane.problems?.length) return lane.problems.join(" ");
  if (["interrupted", "failed"].includes(run.status) && !lane.measured_s && time >= games.end) {
    const made = games.moves.length;
    return made ? `Broken off after ${counted(made, "half-move")}.` : "Broken off before anybody moved.";
  }
  if (lane.status === "set up") return `${counted(run.opponents, "board")} are set up, and nobody plays yet.`;
  if (run.status === "queueing") return tellStatus(run);
  if (lane.status === "waiting") return "Nobody sits at the boards yet: this side waits until it is set up.";
  if (lane.status === "starting") return "The players are taking their seats: workers and slots are being started.";
  const seen = games.look(time, lane.slots ?? undefined);
  if (!seen.playing) return lane.sentence || `All ${number(seen.over)} games are over.`;
  return thoughtOnScreen(run, pace) < FOLLOWED_S ? tellPace(run, lane, seen) : tellMove(run, lane, seen);
}

// What is seen where moves follow each other too fast to be told of.
function tellPace(run, lane, { playing, thinking, waiting, places }) {
  if (lane.in_turn && run.judits > 1) return tellSeats(playing, places);
  if (lane.in_turn) {
    const others = playing > 1 ? `, and ${number(playing - 1)} ${playing === 2 ? "waits" : "wait"}` : "";
    return `Judit stays at ${board(places[0])} until that game is over: while her opponent thinks, ` +
      `nobody else moves${others}.`;
  }
  const some = thinking === run.opponents ? "all" : `${number(thinking)} of`;
  const queued = waiting ? `, and ${held(waiting)}` : "";
  return `${who(run)} from board to board, one move at each: ` +
    `${some} ${number(run.opponents)} opponents think at once${queued}.`;
}

// Several Judits, each of whom plays one game after the other.
function tellSeats(playing, places) {
  const seats = places.filter(Boolean).map((place) => place.board + 1);
  const others = playing - seats.length;
  const queued = others > 0 ? `; ${number(others)} ${others === 1 ? "board waits" : "boards wait"}` : "";
  return `Each of the ${number(places.length)} Judits stays at a board until that game is over: ` +
    `they are at ${seats.join(", ")}${queued}.`;
}

// What Judit does at the moment, and what the others do meanwhile.
function tellMove(run, lane, { playing, thinking, waiting, hers, places }) {
  if (lane.in_turn && run.judits > 1) return tellSeats(playing, places);
  const queued = waiting ? `; ${held(waiting)}` : "";
  const thoughtful = places.filter((place) => place?.thinking);
  if (thoughtful.length) {
    const name = thoughtful.length === 1 ? "Judit thinks" : `${number(thoughtful.length)} Judits think`;
    const where = `${name} at ${thoughtful.map(board).join(", ")}`;
    if (lane.in_turn) return `${where}. Nobody else does anything until this game is over.`;
    return `${where}; ${opponents(thinking)} meanwhile${queued}.`;
  }
  if (lane.in_turn && thinking) {
    return `Judit waits at ${board(places[0])} while her opponent thinks: nobody else moves.`;
  }
  if (!hers) return `Judit waits: no board is ready; ${opponents(thinking)}${queued}.`;
  const ready = `${number(hers)} ${hers === 1 ? "is" : "are"} ready`;
  return `${who(run)} to the next board: ${ready}, ${opponents(thinking)}${queued}.`;
}

function opponents(thinking) {
  return `${counted(thinking, "opponent")} think${thinking === 1 ? "s" : ""}`;
}

function held(waiting) {
  return `${number(waiting)} wait${waiting === 1 ? "s" : ""} for a slot or a message`;
}

function board(place) {
  return place ? `board ${place.board + 1}` : "her first board";
}

function who(run) {
  return run.judits > 1 ? `${number(run.judits)} Judits go` : "Judit goes";
}

// What is seen in a lane of a comparison.
function tellContender(lane, rounds, depth, over) {
  const ended = lane.makespans_s ?? [];
  if (lane.status === "left out") return `Left out: ${lane.why || "it cannot run here"}`;
  if (over && !lane.why && ended.length < rounds) {
    if (!ended.length) return "Broken off before its first round was over.";
    return `Broken off after ${counted(ended.length, "round")}: ${range(ended)}.`;
  }
  if (lane.status === "starting") return "Its workers are being started; that is not part of the measurement.";
  if (lane.status === "running") {
    const queued = depth === undefined ? "" : `; ${counted(depth, "message")} in its queue`;
    return `Round ${lane.round} of ${rounds}: ${number(lane.done)} of ${counted(lane.jobs, "job")} done${queued}.`;
  }
  if (lane.why) return lane.why;
  if (ended.length >= rounds) return `All ${rounds} rounds: ${range(ended)}.`;
  if (ended.length) return `${counted(ended.length, "round")} done (${range(ended)}); it waits for the others.`;
  return lane.status === "ready" ? "Ready; its first round comes." : "Waits for its turn.";
}

function range(times) {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return seconds(least) === seconds(most) ? seconds(least) : `${seconds(least)} to ${seconds(most)}`;
}
