"use strict";
// A comparison or a sweep: a lane for each contender of each workload, and the report at the end.

class ComparisonView {
  constructor(run) {
    this.lanes = new Map();
    this.title = make("h3");
    this.says = make("p", { className: "says" });
    this.workers = make("p", { className: "soft" });
    this.stop = make("button", { type: "button", className: "stop" }, "Stop it");
    this.stop.dataset.run = run.id;
    this.groups = make("div", { className: "groups" });
    this.report = make("div", { className: "report" });
    this.element = make("article", { className: "comparison" },
      make("div", { className: "line" }, this.title, this.stop), this.says, this.workers, this.groups, this.report);
    this.update(run, {});
  }

  update(run, depths) {
    this.run = run;
    say(this.title, `${run.kind === "sweep" ? "Sweep" : "Comparison"}: ${run.title}`);
    say(this.says, run.says || run.status);
    this.element.dataset.status = run.status;
    const { workers } = run;
    this.workers.hidden = !workers;
    if (workers) {
      const { answering, awaited } = workers; // 0 are awaited where nobody said how many there will be
      say(this.workers, awaited ? `${number(answering)} of ${counted(awaited, "worker")} answer.`
        : `${counted(answering, "worker")} ${answering === 1 ? "answers" : "answer"}.`);
    }
    this.stop.hidden = !stoppable(run);
    const slowest = {};
    for (const { workload, makespans_s: times } of run.lanes) {
      slowest[workload] = Math.max(slowest[workload] ?? 0, ...(times ?? []));
    }
    for (const [place, lane] of run.lanes.entries()) {
      // By its place: what workers of others are called, and how many slots they have, turns out later.
      if (!this.lanes.has(place)) this.lanes.set(place, this.lane(lane));
      this.tell(this.lanes.get(place), lane, depths[place], slowest[lane.workload]);
    }
    if (run.report) this.showReport();
  }

  lane(lane) {
    const parts = {
      name: make("b", { className: "contender" }), bar: make("progress"), rate: make("span", { className: "rate" }),
      rounds: make("span", { className: "rounds" }), spread: make("span", { className: "spread" }),
      sentence: make("p", { className: "sentence" }),
    };
    parts.row = make("li", { className: "row" }, ...Object.values(parts));
    let group = [...this.groups.children].find((one) => one.dataset.workload === lane.workload);
    if (!group) {
      group = make("section", { ariaLabel: lane.workload }, make("h4", {}, lane.workload), make("ul"));
      group.dataset.workload = lane.workload;
      this.groups.append(group);
    }
    group.querySelector("ul").append(parts.row);
    return parts;
  }

  tell(parts, lane, depth, slowest) {
    parts.row.dataset.status = lane.status;
    say(parts.name, lane.name);
    const times = lane.makespans_s ?? [];
    const [ended, all] = [times.length + (lane.invalid ?? 0), lane.jobs * this.run.rounds];
    const done = Math.min(ended * lane.jobs + (lane.status === "running" ? lane.done : 0), all);
    parts.bar.max = all || 1;
    parts.bar.value = done;
    parts.bar.ariaLabel = `${lane.name}: ${number(done)} of ${counted(all, "job")} done`;
    say(parts.rate, lane.rate ? `${number(lane.rate, lane.rate < 10 ? 1 : 0)} jobs/s` : "");
    const invalid = lane.invalid ? `, ${lane.invalid} invalid` : "";
    say(parts.rounds, `${times.length} of ${counted(this.run.rounds, "round")}${invalid}`);
    this.tellSpread(parts.spread, times, slowest);
    say(parts.sentence, tellContender(lane, this.run.rounds, depth, !goesOn(this.run)));
  }

  // A dot for each round, by how long it took: the slowest of the workload at the right.
  tellSpread(spread, times, slowest) {
    spread.title = times.map(seconds).join(", ");
    if (spread.childElementCount === times.length && spread.dataset.slowest === String(slowest)) return;
    spread.dataset.slowest = slowest;
    spread.replaceChildren(...times.map((time) => {
      const dot = make("i");
      dot.style.left = `${(100 * time) / slowest}%`;
      return dot;
    }));
  }

  showReport() {
    if (this.report.childElementCount) return;
    const address = `/reports/${encodeURIComponent(this.run.id)}`;
    const link = make("a", { href: address, target: "_blank", rel: "noopener" }, "The report in a window of its own");
    this.report.append(
      make("p", {}, link),
      make("iframe", { src: address, sandbox: "allow-scripts allow-downloads", title: `Report: ${this.run.title}` }),
    );
  }
}
