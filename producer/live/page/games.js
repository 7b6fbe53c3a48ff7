"use strict";
// The games of one lane, at any time: moves come in as they were made, positions come out.

class Games {
  constructor(boards, hourS, judits, plies = []) {
    this.number = boards;
    this.scale = 3600 / hourS; // seconds of the exhibition in a second of the lane
    this.judits = Math.max(judits, 1);
    this.plies = plies;
    this.moves = []; // [board, ply, uci, started_s, finished_s], by when they were finished
    this.seen = new Set();
    this.end = 0;
    this.reset();
  }

  // Takes moves in, in any order; a ply that was played twice counts once.
  add(moves) {
    let inOrder = true;
    for (const move of moves) {
      const [place, ply, , , finished] = move;
      const key = place * 10000 + ply;
      if (place >= this.number || this.seen.has(key)) continue;
      this.seen.add(key);
      inOrder &&= finished >= this.end;
      this.end = Math.max(this.end, finished);
      this.moves.push(move);
    }
    this.visits = null;
    if (inOrder) return;
    this.moves.sort((one, other) => one[4] - other[4] || one[1] - other[1]);
    this.reset();
  }

  reset() {
    this.made = 0; // so many of the moves are on the boards
    this.boards = Array.from({ length: this.number }, () => ({
      squares: [...FIRST], plies: 0, last: null, since: 0, used: [0, 0],
    }));
    this.touched = new Set(this.boards.keys());
    this.visits = null;
  }

  // Puts on the boards what had been played at the time, in seconds since the lane began.
  seek(time) {
    if (this.last() > time) this.reset();
    while (this.made < this.moves.length && this.moves[this.made][4] <= time) {
      const [place, ply, uci, , finished] = this.moves[this.made];
      this.made += 1;
      const board = this.boards[place];
      if (ply !== board.plies) continue; // one before it has been lost: this board stands still
      board.last = play(board.squares, uci);
      board.used[ply % 2] += finished - board.since;
      board.since = finished;
      board.plies += 1;
      this.touched.add(place);
    }
  }

  over(place) {
    return this.boards[place].plies >= (this.plies[place] ?? Infinity);
  }

  // What the clocks of a board show, Judit's first, in seconds of the exhibition.
  clocks(place, time) {
    const { used, since, plies } = this.boards[place];
    const shown = [...used];
    if (!this.over(place)) shown[plies % 2] += Math.max(time - since, 0);
    return shown.map((used) => used * this.scale);
  }

  // When the last move on the boards was made; the one before that; and the next one.
  last() {
    return this.made ? this.moves[this.made - 1][4] : 0;
  }

  before(time) {
    let at = this.made - 1;
    while (at >= 0 && this.moves[at][4] >= time) at -= 1;
    return at < 0 ? 0 : this.moves[at][4];
  }

  next() {
    return this.moves[this.made]?.[4] ?? Infinity;
  }

  // Who does what at the time: how many opponents think, or wait for a slot; boards that are Judit's; where she is.
  // When an answer was begun is known when it has been made: of those that are not, no more think than have slots.
  look(time, slots = Infinity) {
    const answers = this.starts();
    const found = { playing: 0, thinking: 0, waiting: 0, over: 0, hers: 0, places: this.places(time) };
    for (let place = 0; place < this.number; place += 1) {
      const { plies } = this.boards[place];
      if (this.over(place)) found.over += 1;
      else if (plies % 2 === 0) found.hers += 1;
      else if ((answers.get(place * 10000 + plies) ?? 0) > time) found.waiting += 1;
      else found.thinking += 1;
    }
    found.waiting += Math.max(found.thinking - slots, 0);
    found.thinking = Math.min(found.thinking, slots);
    found.playing = this.number - found.over;
    return found;
  }

  // Where each Judit is: at the board of the last move that she began.
  places(time) {
    this.starts();
    return this.visits.map((visits) => {
      let [low, high] = [0, visits.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (visits[middle].started <= time) low = middle + 1;
        else high = middle;
      }
      const visit = visits[low - 1];
      return visit ? { board: visit.board, thinking: time < visit.finished } : null;
    });
  }

  // When each answer was begun; and the visits of each Judit, found anew when moves have come in.
  starts() {
    if (this.visits) return this.answers;
    this.answers = new Map();
    const hers = [];
    for (const [board, ply, , started, finished] of this.moves) {
      if (ply % 2) this.answers.set(board * 10000 + ply, started);
      else hers.push({ board, started, finished });
    }
    hers.sort((one, other) => one.started - other.started);
    this.visits = Array.from({ length: this.judits }, () => []);
    for (const visit of hers) this.nearest(visit).push(visit);
    return this.answers;
  }

  // The moves do not say which Judit made them: of those who are free the one with the shortest way.
  nearest(visit) {
    if (this.judits === 1) return this.visits[0];
    const last = (visits) => visits[visits.length - 1];
    const free = this.visits.filter((visits) => !visits.length || last(visits).finished <= visit.started + 1e-6);
    const way = (visits) => {
      if (!visits.length) return this.number;
      return (visit.board - last(visits).board + this.number) % this.number;
    };
    return (free.length ? free : this.visits).reduce((one, other) => (way(other) < way(one) ? other : one));
  }
}
