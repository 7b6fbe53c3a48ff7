"use strict";
// The exhibition that is shown: its lanes by one clock, live or replayed.

// How much later than it comes in a move is shown, so that Judit's way is smooth; and a thought of hers on top,
// which is known when she has moved.
const DELAY_S = 0.4;
const LONGEST_THOUGHT_S = 6;
const SPEEDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const GOES_ON = ["waiting", "queueing", "starting", "playing"];

class Stage {
  constructor(root, controls) {
    Object.assign(this, { root, controls, views: [], time: 0, playing: false, live: false, presenting: false });
    this.quiet = false; // whether nothing is heard of what goes on
    this.run = null;
    this.resized = new ResizeObserver(() => this.measure());
    for (const speed of SPEEDS) controls.speed.append(new Option(`${speed}×`, speed));
    controls.play.addEventListener("click", () => this.toggle());
    controls.back.addEventListener("click", () => this.step(-1));
    controls.forward.addEventListener("click", () => this.step(1));
    controls.live.addEventListener("click", () => this.follow());
    controls.time.addEventListener("input", () => this.go(Number(controls.time.value)));
    root.addEventListener("closer", (event) => this.closer(event));
  }

  // Shows an exhibition, from its beginning or as its state has changed.
  show(run) {
    const same = this.run?.id === run.id && this.views.length === run.lanes.length;
    this.run = run;
    if (same) {
      for (const [place, view] of this.views.entries()) view.update(run, run.lanes[place]);
      return this.wake();
    }
    this.views = run.lanes.map((_, place) => new LaneView(run, place));
    this.root.replaceChildren(...this.views.map((view) => view.element));
    this.root.dataset.lanes = run.lanes.length;
    this.resized.disconnect();
    for (const { hall } of this.views) this.resized.observe(hall);
    this.time = 0;
    this.playing = false;
    this.live = this.goesOn;
    // An hour in some five seconds is slow enough to be followed.
    const wanted = run.hour_s / 5;
    this.controls.speed.value = SPEEDS.findLast((speed) => speed <= wanted) ?? SPEEDS[0];
    this.measure();
  }

  // Takes moves of a lane; those that a snapshot had are history, and are shown at once.
  add(place, moves, now = performance.now()) {
    this.views[place]?.add(moves, now);
    this.wake();
  }

  // To be called when all that is known of a run that has ended is there.
  settle() {
    if (!this.live) this.time = this.end;
    this.wake();
  }

  // Whether more moves may come: the run ends later than its lanes, for it has workers to stop.
  get goesOn() {
    return GOES_ON.includes(this.run.status) && this.run.lanes.some((lane) => GOES_ON.includes(lane.status));
  }

  get end() {
    return Math.max(0, ...this.views.map((view) => view.end));
  }

  get delay() {
    return DELAY_S + Math.min(((this.run.judit_s ?? 5) * this.run.hour_s) / 3600, LONGEST_THOUGHT_S);
  }

  wake() {
    if (this.run && !this.waking) this.waking = requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.waking = null;
    const passed = this.before === undefined ? 0 : Math.min(now - this.before, 250) / 1000;
    if (this.live) this.advance(now);
    else if (this.playing) {
      this.time = Math.min(this.time + passed * this.speed, this.end);
      if (this.time >= this.end) this.playing = false;
    }
    const goesOn = this.live || this.playing;
    this.before = goesOn ? now : undefined;
    const pace = this.live ? 1 : this.speed;
    for (const view of this.views) view.show(this.live ? view.time : this.time, now, pace, !goesOn);
    this.tellControls();
    if (goesOn) this.wake();
  }

  // Lets the lanes go on as they come in; each has a beginning of its own.
  advance(now) {
    const ended = !this.goesOn;
    for (const view of this.views) {
      // Before the first move has come in nobody knows when the lane began, and `late` is infinite.
      const reached = Math.max(now / 1000 - view.late - this.delay, view.time ?? 0, 0);
      const open = view.lane.status === "playing" && !ended && !this.quiet;
      const limit = open ? Infinity : Math.max(view.end, this.quiet ? view.time ?? 0 : 0);
      view.time = Math.min(reached, limit);
    }
    this.time = Math.max(0, ...this.views.map((view) => view.time));
    if (ended && this.views.every((view) => view.time >= view.end || !view.games.moves.length)) {
      this.live = false;
      this.time = this.end;
    }
  }

  get speed() {
    return Number(this.controls.speed.value);
  }

  toggle() {
    if (this.live) this.live = false;
    else if (this.playing) this.playing = false;
    else {
      if (this.time >= this.end) this.time = 0;
      this.playing = this.end > 0;
    }
    this.wake();
  }

  go(time) {
    this.live = false;
    this.time = Math.min(Math.max(time, 0), this.end);
    this.wake();
  }

  // One move on or back, in whichever lane it comes next.
  step(direction) {
    this.playing = false;
    const games = this.views.map((view) => view.games);
    const last = Math.max(0, ...games.map((one) => one.last()));
    const times = direction > 0 ? games.map((one) => one.next()) : games.map((one) => one.before(last));
    this.go(direction > 0 ? Math.min(...times) : Math.max(...times));
  }

  faster(direction) {
    const { speed } = this.controls;
    speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + direction, 0), speed.length - 1);
  }

  follow() {
    this.live = Boolean(this.run) && this.goesOn;
    this.playing = false;
    this.wake();
  }

  tellControls() {
    const { play, time, moment, live, back, forward, speed } = this.controls;
    const idle = !this.end;
    const ideals = this.run.lanes.map((lane) => lane.ideal_s ?? 0);
    const limit = this.live ? Math.max(this.end, this.time, ...ideals) : this.end;
    for (const control of [play, back, forward, time]) control.disabled = idle;
    this.controls.player.hidden = this.run.status === "set up";
    say(play, this.live || this.playing ? "Pause" : "Play");
    if (Number(time.max) !== limit) time.max = limit || 1;
    time.value = this.time;
    const shown = this.time * (3600 / this.run.hour_s);
    const now = !this.live ? "" : this.quiet ? "waiting · " : "live · ";
    say(moment, idle ? "" : `${now}${seconds(this.time)} · ${clock(shown)}`);
    speed.closest("label").hidden = this.live;
    time.ariaValueText = `${seconds(this.time)}, in the exhibition ${clock(shown)}`;
    live.hidden = this.live || !this.goesOn;
  }

  measure() {
    for (const view of this.views) view.measure(this.presenting);
    this.wake();
  }

  // Shows one board large, as it is now.
  closer(event) {
    const view = this.views.find((one) => one.element === event.target);
    this.controls.closer(view, view.boards[event.detail]);
  }
}
