"use strict";
// Lists what goes on, one line a run.
const runs = new Map();
const show = () => document.getElementById("runs").replaceChildren(...[...runs.values()].map((run) => {
  const line = document.createElement("li");
  line.textContent = `${run.title}: ${run.status}: ${run.says}`;
  return line;
}));
const says = (text) => { document.getElementById("says").textContent = text; };
const events = new EventSource("events");
events.onopen = () => says("connected");
events.onerror = () => says("cut off: trying again");
events.addEventListener("snapshot", (event) => {
  runs.clear();
  for (const run of JSON.parse(event.data).runs) runs.set(run.id, run);
  show();
});
events.addEventListener("state", (event) => {
  const run = JSON.parse(event.data);
  runs.set(run.id, run);
  show();
});
