"use strict";
// The theme, presentation mode, and the keys.

const root = document.documentElement;
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

// The keys of the replay bring the race to the front of a presentation.
function replay(act) {
  if (stage.presenting) front("exhibition");
  act();
}

function present(presenting) {
  stage.presenting = presenting;
  document.body.classList.toggle("presenting", presenting);
  at("present").ariaPressed = String(presenting);
  if (presenting) scrollTo(0, 0);
  stage.measure();
}

const keys = {
  " ": () => replay(() => stage.toggle()),
  ArrowLeft: () => replay(() => stage.step(-1)),
  ArrowRight: () => replay(() => stage.step(1)),
  Home: () => replay(() => stage.go(0)),
  End: () => replay(() => stage.go(stage.end)),
  "-": () => stage.faster(-1),
  "+": () => stage.faster(1),
  "=": () => stage.faster(1),
  l: () => replay(() => stage.follow()),
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
