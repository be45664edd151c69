/* One trial: what is heard, what is asked, and going on; also by keys alone. */
import { button, capital, letters, make, show } from "./make.js";
import { Player } from "./player.js";
import { question } from "./questions.js";
import { feedback, guess } from "./screens.js";

const PATIENCE_MS = 8_000; // for the word on a practice answer, or the recognizer's guess
const TYPES = "textarea, select, input[type=text]";
let current = null;

export class Trial {
  /* `put(answer)` keeps an answer and resolves with the server's word on it; `add(trials)` takes
     new ones of a queue; `done()` goes on; `back()`, if any, to the trial before; `withdraw()`
     ends it all. */
  constructor(trial, { state, sounds, events, back, put, add, withdraw, done }) {
    Object.assign(this, { trial, state, sounds, events, put, add, done });
    this.changes = -1; // the first choice is no change
    this.begun = performance.now();
    this.firstPlay = null;
    this.answered = false;
    this.players = trial.heard.map((name, at) => new Player(sounds, {
      name: capital(name),
      load: () => sounds.get(trial.sounds[at]),
      maxPlays: state.rules.max_plays,
      changed: () => this.draw(),
      note: (kind, payload) => this.note(kind, { player: name, ...payload }),
    }));
    this.lastPlayed = this.players[0];
    this.question = question({ ...state.ask, lang: state.study.language }, () => this.change());
    this.why = make("p", { className: "why", role: "status" });
    this.go = button("Next", () => this.next());
    this.back = back ? button("Back", () => { this.close(); back(); }, "other") : null;
    this.skip = button("Leave this one out", () => {
      trial.skipped = true;
      this.close();
      done();
    }, "other");
    this.stop = button("Withdraw my answers", () => { this.close(); withdraw(); }, "link");
    this.word = make("div", { className: "word", hidden: true });
  }

  open() {
    current?.close();
    current = this;
    const titles = { practice: "Practice", main: "Listen" };
    const keys = [["Space", "plays"], ["R", "again"], ["Enter", "next"]].flatMap(([key, what]) =>
      [make("kbd", {}, key), ` ${what}  `]);
    show(
      make("h1", { className: "unseen" }, `${titles[this.trial.block]}. ${this.state.ask.text}`),
      make("div", { className: "players" }, this.players.map((player) => player.node)),
      ...this.question.nodes, this.word,
      make("div", { className: "next" }, this.why,
        make("div", { className: "row" }, this.back, this.skip, this.go),
        make("p", { className: "keys", ariaHidden: "true" }, keys)),
      make("div", { className: "links" }, this.stop),
    );
    if (this.trial.given) this.question.set(this.trial.given);
    this.changes = this.trial.given ? 0 : -1;
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
    this.draw();
  }

  close() {
    for (const player of this.players) player.stop();
    document.removeEventListener("keydown", this.onkey);
    if (current === this) current = null;
  }

  note(kind, payload = null) {
    if (kind === "play") {
      this.firstPlay ??= performance.now();
      this.lastPlayed = this.players.find((player) => player.name === capital(payload.player));
    }
    this.events.add(kind, this.trial.id, payload);
  }

  change() {
    this.changes += 1;
    this.note("change");
    this.draw();
  }

  /* What is still to be done, or "". */
  get missing() {
    const share = this.state.rules.min_heard;
    if (this.players.some((player) => player.failed)) return "A clip could not be loaded";
    // One that was heard for an answer before a reload need not be heard again to correct it.
    const unheard = this.trial.given ? [] : this.players.filter((player) =>
      player.duration === null || (player.playsLeft && player.heard < share * player.duration));
    if (unheard.length) {
      return unheard.length === 1 && this.players.length > 1
        ? `Listen to the ${unheard[0].name.toLowerCase()} to its end`
        : "Listen to the end first";
    }
    return this.question.missing();
  }

  draw() {
    if (!this.why || this.answered) return;
    const text = this.missing;
    if (this.why.textContent !== text) this.why.textContent = text;
    this.go.disabled = text !== "";
    this.skip.hidden = !this.players.some((player) => player.failed);
  }

  /* What was heard for an answer counts for its correction as well: else that would seem hasty. */
  measured() {
    const before = this.trial.measured || {};
    const [one, other] = this.heard();
    const longest = (now, then = 0) => Math.round(Math.max(now, then) * 1000) / 1000;
    return {
      rt_ms: Math.round(performance.now() - this.begun) + (before.rt_ms || 0),
      first_play_ms: before.first_play_ms
        ?? (this.firstPlay === null ? undefined : Math.round(this.firstPlay - this.begun)),
      plays: this.players.reduce((sum, player) => sum + player.plays, before.plays || 0),
      heard_s: longest(one.heard, before.heard_s),
      other_heard_s: other ? longest(other.heard, before.other_heard_s) : undefined,
      changes: Math.max(0, this.changes) + (before.changes || 0),
    };
  }

  /* A reference comes second here: `heard_s` is of the clip that is judged. */
  heard() {
    const reference = this.players.find((player) => player.name === "Reference");
    return reference ? [this.players.find((player) => player !== reference), reference]
      : this.players;
  }

  async next() {
    if (this.answered) return this.leave();
    if (this.missing) return null;
    this.answered = true;
    for (const player of this.players) player.stop();
    this.trial.given = this.question.given();
    this.trial.measured = this.measured();
    this.trial.answered = true;
    this.note("submit");
    const result = this.put({ response_uid: letters(26), trial: this.trial.id, ...this.trial.given,
      ...this.trial.measured, client_ts: new Date().toISOString() });
    if (this.trial.block === "main" && this.state.ask.kind !== "label") return this.leave();
    this.go.disabled = true;
    this.go.textContent = "Saving …";
    const word = await Promise.race([result,
      new Promise((resolve) => setTimeout(() => resolve({}), PATIENCE_MS))]);
    result.then((late) => this.add(late.more || []));
    if (current !== this) return null;
    if (!word.feedback && !word.suggested) return this.leave();
    this.word.replaceChildren(word.feedback ? feedback(word.feedback) : guess(word.suggested));
    this.word.hidden = false;
    document.querySelectorAll("main :is(fieldset, input, select, textarea)").forEach((node) => { node.disabled = true; });
    this.go.disabled = false;
    this.go.textContent = "Next";
    this.go.focus();
    this.word.scrollIntoView({ block: "nearest" });
    return null;
  }

  leave() {
    this.close();
    this.done();
  }

  /* Space plays, digits answer, R plays again, Enter goes on. */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.(TYPES)) return;
    const { target } = event;
    const acts = target.matches?.("button, a");
    if (event.key === " " && !acts && !target.matches?.("input[type=radio]:not(:checked)")) {
      (this.players.find((player) => player.playing)
        || this.players.find((player) => player.heard < (player.duration || 0)
          * this.state.rules.min_heard) || this.lastPlayed).toggle();
    } else if (event.key === "Enter" && !acts) this.next();
    else if (event.key.toLowerCase() === "r") this.lastPlayed.play();
    else if (!this.answered && this.question.key(event.key)) { /* answered by a digit */ }
    else return;
    event.preventDefault();
  }
}
