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
  return `${seconds(Math.abs(more))} (${number(percent, percent < 9.95 ? 1 : 0)} %) ${more < 0 ? "below" : "above"} the ideal`;
}

// From so many seconds of hers on the screen on, one can follow Judit move by move, and is told of each.
const FOLLOWED_S = 0.25;

// How long a thought of hers lasts on the screen.
function thoughtOnScreen(run, pace) {
  return ((run.judit_s ?? 5) * run.hour_s) / 3600 / pace;
}

// What is seen in a lane of an exhibition at a time. `pace`: seconds of the lane in a second of the screen.
function tellLane(run, lane, games, time, pace) {
  if (lane.problems?.length) return lane.problems.join(" ");
  if (lane.status === "set up") return `${counted(run.opponents, "board")} are set up, and nobody plays yet.`;
  if (lane.status === "waiting") return "Nobody sits at the boards yet: this side waits until it is set up.";
  if (lane.status === "starting") return "The players are taking their seats: workers and slots are being started.";
  const { playing, thinking, waiting, over, hers, places } = games.look(time);
  if (!playing && over) {
    return lane.sentence || `All ${number(over)} games are over. ${counted(games.made, "move")} were made.`;
  }
  const others = thinking - 1;
  const all = run.opponents;
  if (thoughtOnScreen(run, pace) < FOLLOWED_S) {
    if (lane.in_turn) {
      return `Judit stays at ${board(places[0])} until that game is over: while her opponent thinks, nobody ` +
        `else moves${playing > 1 ? `, and ${number(playing - 1)} ${playing === 2 ? "waits" : "wait"}` : ""}.`;
    }
    const queued = waiting ? `, and ${number(waiting)} wait for a slot or a message` : "";
    return `${who(run)} from board to board, one move at each: ${number(thinking)} of ${number(all)} opponents ` +
      `think at once${queued}.`;
  }
  const thought = places.filter((place) => place?.thinking);
  if (thought.length) {
    const at = thought.map(board).join(", ");
    const name = thought.length === 1 ? "Judit thinks" : `${number(thought.length)} Judits think`;
    if (lane.in_turn) return `${name} at ${at}. Nobody else does anything until this game is over.`;
    const queued = waiting ? `; ${number(waiting)} wait for a slot or a message` : "";
    return `${name} at ${at}; ${counted(thinking, "opponent")} think${thinking === 1 ? "s" : ""} meanwhile${queued}.`;
  }
  if (lane.in_turn && thinking) {
    return `Judit waits at ${board(places[0])} while her opponent thinks: nobody else moves.`;
  }
  if (hers) {
    return `${who(run)} to the next board: ${number(hers)} ${hers === 1 ? "is" : "are"} ready for her, ` +
      `${counted(thinking, "opponent")} think${thinking === 1 ? "s" : ""}.`;
  }
  return others >= 0 ? `Judit waits: no board is ready. ${counted(thinking, "opponent")} ` +
    `think${thinking === 1 ? "s" : ""}${waiting ? `, ${number(waiting)} wait for a slot or a message` : ""}.` : "The games begin.";
}

function board(place) {
  return place ? `board ${place.board + 1}` : "her first board";
}

function who(run) {
  return run.judits > 1 ? `${number(run.judits)} Judits go` : "Judit goes";
}

// What is seen in a lane of a comparison.
function tellContender(lane, rounds, depth) {
  const ended = lane.makespans_s ?? [];
  if (lane.status === "left out") return `Left out: ${lane.why || "it cannot run here"}`;
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
