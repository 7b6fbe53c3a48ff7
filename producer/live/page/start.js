"use strict";
// Starting a run: the forms, and the token without which nothing is started.

function offer(contenders) {
  const preferred = ["serial", "celery:gevent"];
  for (const place of [0, 1]) {
    const select = at(`lane-${place}`);
    const before = select.value;
    select.replaceChildren(...contenders.map((name) => new Option(name, name)));
    if (place) select.append(new Option("nobody", ""));
    const wanted = [before, preferred[place]].find((name) => name && contenders.includes(name));
    select.value = wanted ?? contenders[Math.min(place, contenders.length - 1)] ?? "";
  }
  allow();
}

function allow() {
  for (const button of [at("go"), at("go-compare"), at("go-lesson")]) {
    button.disabled = !server.token || !at("lane-0").options.length;
    button.title = server.token ? "" : "Needs the token that is printed with the address";
  }
  at("token").hidden = Boolean(server.token);
}

// Asks for a run, and says beside the button what came of it.
async function start(answer, request) {
  answer.className = "asked";
  say(answer, "Asked for …");
  try {
    const { id, place } = await server.ask("/runs", request);
    known.asked = id;
    say(answer, `It is asked for, and ${place ? `waits for ${counted(place, "run")} before it` : "starts"}.`);
    if (watched === id) watch(id); // it was there before the answer
  } catch (error) {
    say(answer, error.message);
    answer.className = "asked refused";
    if (error.status === 401) at("token").hidden = false;
  }
}

const value = (id) => Number(at(id).value);
const words = (id) => at(id).value.split(/[\s,]+/).filter(Boolean);

at("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const side = (place) => at(`lane-${place}`).value + (at(`in-turn-${place}`).checked ? "/in-turn" : "");
  start(at("asked"), {
    kind: "race", lanes: [0, 1].filter((place) => at(`lane-${place}`).value).map(side), hour_s: value("hour"),
    opponents: value("opponents"), moves: value("moves"), judits: value("judits"), seed: value("seed"),
  });
});

at("compare").addEventListener("submit", (event) => {
  event.preventDefault();
  start(at("asked-compare"), {
    kind: "comparison", workloads: words("workloads"), with: words("with").length ? words("with") : null,
    jobs: null, rounds: value("rounds"), seed: 2026,
  });
});

for (const id of ["lane-0", "lane-1", "in-turn-0", "in-turn-1"]) {
  at(id).addEventListener("change", () => { if (!watched) showEmpty(); });
}

at("token").addEventListener("submit", (event) => {
  event.preventDefault();
  server.setToken(at("token-typed").value.trim());
  at("token-typed").value = "";
  allow();
  showRuns();
});
