"use strict";
// The theme: the system's, until the reader chooses.

const root = document.documentElement;
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const redraws = [];

function remembered(value) {
  // A page opened from a file may not be allowed to remember anything.
  try {
    if (value) localStorage.setItem("simul-theme", value);
    return localStorage.getItem("simul-theme");
  } catch {
    return null;
  }
}

function setTheme(theme) {
  if (theme) root.dataset.theme = theme;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : darkSystem.matches;
  document.getElementById("theme").textContent = dark ? "Light" : "Dark";
  for (const redraw of redraws) redraw();
  return dark;
}

function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

document.getElementById("theme").addEventListener("click", () => {
  const now = root.dataset.theme || (darkSystem.matches ? "dark" : "light");
  setTheme(now === "dark" ? "light" : "dark");
  remembered(root.dataset.theme);
});
darkSystem.addEventListener("change", () => setTheme());
