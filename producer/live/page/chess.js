"use strict";
// A position, and what a move in UCI's words does to it. The moves are legal already: nothing is judged here.

// 64 letters, a8 to h1 as FEN has them; White's pieces are capitals, "." is an empty square.
const FIRST = "rnbqkbnrpppppppp................................PPPPPPPPRNBQKBNR";

function square(name) {
  return name.charCodeAt(0) - 97 + 8 * (8 - Number(name[1]));
}

function nameOf(place) {
  return `${String.fromCharCode(97 + (place % 8))}${8 - Math.floor(place / 8)}`;
}

// Makes the move on the squares; returns where from, where to, and how people write it (without what tells two pieces
// apart and without "check", which need the rules).
function play(squares, uci) {
  const [from, to] = [square(uci.slice(0, 2)), square(uci.slice(2, 4))];
  const piece = squares[from];
  const kind = piece.toUpperCase();
  let takes = squares[to] !== ".";
  squares[from] = ".";
  squares[to] = uci[4] ? (piece === "P" ? uci[4].toUpperCase() : uci[4]) : piece;
  if (kind === "K" && Math.abs(to - from) === 2) {
    const [corner, beside] = to > from ? [from + 3, from + 1] : [from - 4, from - 1];
    squares[beside] = squares[corner];
    squares[corner] = ".";
    return { from, to, said: to > from ? "O-O" : "O-O-O" };
  }
  if (kind === "P" && !takes && from % 8 !== to % 8) {
    // En passant: the pawn that is taken stands beside where this one stood.
    squares[to + (piece === "P" ? 8 : -8)] = ".";
    takes = true;
  }
  const first = kind === "P" ? (takes ? nameOf(from)[0] : "") : kind;
  const promoted = uci[4] ? `=${uci[4].toUpperCase()}` : "";
  return { from, to, said: `${first}${takes ? "x" : ""}${nameOf(to)}${promoted}` };
}

// The pieces, drawn in a square of 100 by 100.
const SHAPES = {
  P: "M50 20a14 14 0 0 1 9 24q8 4 9 10h-9c1 10 6 18 15 25v11H26V79c9-7 14-15 15-25h-9q1-6 9-10a14 14 0 0 1 9-24z",
  R: "M25 16h11v8h8v-8h12v8h8v-8h11v21l-8 8v28l9 9v8H24v-8l9-9V45l-8-8z",
  N: "M37 10l7 10c24 2 37 21 37 48v22H29c0-17 6-25 18-37-6 4-12 5-16 10-3 4-9 4-13 0-3-3-3-7-1-11l13-23c1-5 2-7 4-9z",
  B: "M50 8a7 7 0 0 1 5 11c11 8 17 18 17 27 0 9-4 15-11 19l3 9c7 1 12 4 15 8v8H21v-8c3-4 8-7 15-8l3-9c-7-4-11-10-11-19 0-9 6-19 17-27a7 7 0 0 1 5-11z",
  Q: "M8 31a6 6 0 1 1 8 5l14 19V26a6 6 0 1 1 5-1l9 27 4-33a6 6 0 1 1 4 0l4 33 9-27a6 6 0 1 1 5 1v29l14-19a6 6 0 1 1 4 1l-9 38v15H21V75l-9-38a6 6 0 0 1-4-6z",
  K: "M45 6h10v8h8v9h-8v12c10-6 32-5 32 15 0 13-11 18-12 28v12H25V78c-1-10-12-15-12-28 0-20 22-21 32-15V23h-8v-9h8z",
};
