"use strict";
// Predict first: the questions of a workload as a form, and the answers with the request to measure it.

let lessons = [];

// What was typed stays where the server offers the same again.
function offerLessons(offered) {
  if (JSON.stringify(offered) === JSON.stringify(lessons)) return;
  lessons = offered;
  at("more-lessons").hidden = !lessons.length;
  const before = at("lesson-workload").value;
  at("lesson-workload").replaceChildren(...lessons.map(({ workload }) => new Option(workload, workload)));
  const wanted = [before, "waits"].find((name) => lessons.some(({ workload }) => workload === name));
  if (wanted) at("lesson-workload").value = wanted;
  askAbout();
}

function askAbout() {
  const lesson = lessons.find(({ workload }) => workload === at("lesson-workload").value);
  say(at("lesson-what"), lesson?.what ?? "");
  at("lesson-questions").replaceChildren(...(lesson?.questions ?? []).map(questionField));
}

function questionField({ key, text, choices, least, most }) {
  const input = choices.length
    ? make("select", {}, new Option("no guess", ""), ...choices.map((one) => new Option(`${one.name}: ${one.is}`, one.name)))
    : make("input", { type: "number", min: least, max: most, step: "any", placeholder: "no guess" });
  input.dataset.question = key;
  return make("label", { className: "field" }, text, " ", input);
}

at("lesson-workload").addEventListener("change", askAbout);

at("lesson").addEventListener("submit", (event) => {
  event.preventDefault();
  const workload = at("lesson-workload").value;
  const given = [...at("lesson-questions").querySelectorAll("[data-question]")].filter((input) => input.value);
  const answers = given.map((input) => [
    input.dataset.question, input.type === "number" ? Number(input.value) : input.value,
  ]);
  start(at("asked-lesson"), {
    kind: "lesson", workloads: [workload], predictions: { [workload]: Object.fromEntries(answers) },
    rounds: value("lesson-rounds"), seed: 2026,
  });
});
