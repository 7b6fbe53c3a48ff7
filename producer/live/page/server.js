"use strict";
// What comes from the server, what is asked of it, and what is said while it is away.

// A server that has beaten before and is silent for so long is gone, though the connection stands.
const SILENCE_MS = 15000;
const AGAIN_MS = 2000;
const EVENTS = ["snapshot", "state", "moves", "queue", "own", "broker", "depths", "workers", "report", "beat"];

class Server {
  // `handlers`: what to do with each event; `cut(seconds, since)` and `back()`.
  constructor(handlers) {
    this.handlers = handlers;
    this.token = this.takeToken();
    this.heard = Date.now();
    this.connect();
    setInterval(() => this.watch(), 1000);
  }

  connect() {
    this.source?.close();
    this.source = new EventSource("/events");
    this.tried = Date.now();
    this.source.addEventListener("error", () => this.lost());
    for (const name of EVENTS) {
      this.source.addEventListener(name, (event) => {
        this.heard = Date.now();
        if (name === "beat") this.beats = true;
        if (this.since) this.found();
        this.handlers[name]?.(event.data ? JSON.parse(event.data) : null);
      });
    }
  }

  lost() {
    this.since ??= this.heard;
    this.handlers.cut(Math.round((Date.now() - this.since) / 1000), new Date(this.since));
  }

  found() {
    this.since = null;
    this.handlers.back();
  }

  watch() {
    const now = Date.now();
    if (this.beats && now - this.heard > SILENCE_MS && now - this.tried > SILENCE_MS) {
      this.lost();
      this.connect();
    }
    if (!this.since) return;
    this.lost();
    // A browser gives up where the answer was no stream of events; a page in a lecture does not.
    if (this.source.readyState === EventSource.CLOSED && now - this.tried > AGAIN_MS) this.connect();
  }

  // The token comes in the address, where nobody should read it over a shoulder, and stays in this tab.
  takeToken() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!given) return this.remembered();
    history.replaceState(null, "", location.pathname + location.search);
    return this.remembered(given);
  }

  remembered(token) {
    try {
      if (token) sessionStorage.setItem("simul-token", token);
      return sessionStorage.getItem("simul-token") ?? "";
    } catch {
      return token ?? "";
    }
  }

  setToken(token) {
    this.token = this.remembered(token) || token;
  }

  // Asks for something; returns the answer, or throws an error with one clear line.
  async ask(path, body) {
    let response;
    try {
      response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` },
        body: JSON.stringify(body ?? {}),
      });
    } catch {
      throw new Error("The server does not answer. Is it still running?");
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const refused = Error(answer.error || `The server refused it (${response.status}).`);
    refused.status = response.status;
    throw refused;
  }
}
