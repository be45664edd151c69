/* The way of a listener: consent, volume, headphones, practice, trials, code. One screen at a time;
   what was answered is kept by outbox.js, so that a reload goes on at the same trial. */
import { button, letters, make, show } from "./make.js";
import { Events, Outbox, store } from "./outbox.js";
import { Player, Sounds } from "./player.js";
import * as screens from "./screens.js";
import { Trial } from "./trial.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const PANEL_NAMES = ["PROLIFIC_PID", "workerId", "participant", "id"];
const slug = location.pathname.split("/").pop();
const kept = `emostudio.listener.${slug}`;
const sounds = new Sounds();
const events = new Events(slug);
const outbox = new Outbox(slug, saved);
let me = {}; // {token, code, seen}
let state = null;
let practicing = false;

function read() {
  try { return JSON.parse(store.getItem(kept)) || {}; } catch { return {}; }
}

function keep(changes) {
  be({ ...me, ...changes });
  store.setItem(kept, JSON.stringify(me));
}

function be(listener) {
  me = listener;
  outbox.token = events.token = me.token || null;
}

/* Ask the server; resolves with {status, ...json}, status 0 where there is no connection. */
async function ask(what, body) {
  try {
    const headers = { "Content-Type": "application/json" };
    if (me.token) headers.Authorization = `Bearer ${me.token}`;
    const reply = await fetch(`${slug}/${what}`, body === undefined ? { headers }
      : { method: "POST", headers, body: JSON.stringify(body) });
    const wait = Number(reply.headers.get("Retry-After")) || 0;
    return { ...(await reply.json()), status: reply.status, wait };
  } catch {
    return { status: 0 };
  }
}

/* Ask until there is an answer; the screen says that it waits. */
async function insist(what, body) {
  for (let tried = 1; ; tried += 1) {
    const reply = await ask(what, body);
    if (reply.status && reply.status < 500 && reply.status !== 429) return reply;
    const wait = Math.max(reply.wait || 0, Math.min(15, 2 ** (tried - 1)));
    screens.message("Waiting for the server …", reply.status === 429
      ? `Many listeners start just now. We try again in ${wait} seconds.`
      : "There is no connection right now. Keep this page open: we try again.");
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

/* The dot at the top is green only when the server has said "durable" for every answer. */
function saved({ waiting, failing, refused, stopped }) {
  const dot = document.getElementById("saved");
  const text = stopped || refused ? "Not accepted" : !waiting ? (me.token ? "Saved" : "")
    : failing ? `${waiting} not saved yet` : "Saving …";
  dot.ariaLive = stopped || refused || failing ? "polite" : "off"; // else it would talk all the time
  dot.className = stopped || refused || failing ? "no" : waiting ? "" : "yes";
  if (dot.textContent !== text) dot.textContent = text;
  dot.title = stopped || refused || (failing
    ? "Kept in this browser; sent again until the server has it." : "");
}

function progress(trial) {
  const box = document.getElementById("progress");
  box.hidden = !trial;
  if (!trial) return;
  const same = state.trials.filter((other) => other.block === trial.block);
  const main = trial.block === "main";
  const at = same.indexOf(trial) + 1 + (main ? state.before : 0);
  const known = main ? state.total : same.length; // nobody knows how long a queue is
  document.getElementById("count").textContent = !known ? `Clip ${at}`
    : `${main ? "" : "Practice "}${at} of ${known}`;
  const bar = box.querySelector("progress");
  bar.hidden = !known;
  Object.assign(bar, { max: known || 1, value: at - 1 });
}

async function begin() {
  progress(null);
  const reply = await insist("state");
  if (me.token && (reply.status === 401 || reply.status === 410)) { // restarted anew, or withdrawn
    keep({ token: null, code: null });
    return begin();
  }
  if (reply.status !== 200) return screens.message("No test here", reply.error);
  document.getElementById("title").textContent = document.title = reply.study.title;
  if (location.hash === "#withdraw") {
    history.replaceState(null, "", location.pathname + location.search); // "Back" is not here again
    return withdraw();
  }
  if (reply.trials) return enter(reply);
  if (reply.study.state !== "live") {
    return screens.message("This test is closed", "Thank you for your interest.", links());
  }
  screens.consent(reply.study, { agree: () => volume(reply.study), goOn: () => resume(reply.study),
    withdraw });
}

const links = () => make("div", { className: "links" },
  button("Withdraw my answers", () => withdraw(), "link"));

function volume(study) {
  const player = new Player(sounds, { name: "Test tones", load: async () => sounds.tone() });
  screens.volume(player, () => {
    player.stop();
    if (study.ask_headphones) screens.headphones((choice) => start(study, choice));
    else start(study, null);
  });
}

function panelName() {
  const given = new URLSearchParams(location.search);
  return PANEL_NAMES.map((name) => given.get(name)).find(Boolean) || "";
}

async function start(study, headphones) {
  // Made here, so that a repeated request starts no second listener.
  keep({ code: me.code || letters(12), token: null });
  const reply = await insist("start", { code: me.code, consent_hash: study.consent_hash, headphones,
    external_id: panelName() });
  if (reply.status !== 200) {
    keep({ code: null });
    return screens.message("This did not work", reply.error, button("Back", begin, "other"));
  }
  keep({ token: reply.token, code: reply.code, seen: 0 });
  return enter(reply.state);
}

function resume(study, failed = "", code = "") {
  screens.askCode({ heading: "Go on with your code", label: "Go on", failed, code, back: begin,
    text: "You got it when you started.", act: async (typed) => {
      const reply = await insist("resume", { code: typed });
      if (reply.status !== 200) return resume(study, reply.error, typed);
      keep({ token: reply.token, code: reply.code, seen: 0 });
      return enter(reply.state);
    } });
}

function withdraw(failed = "", typed = me.code || "") {
  progress(null);
  screens.askCode({ heading: "Withdraw my answers", label: "Withdraw", failed, code: typed,
    text: "Your answers will not be used or published any more. This can't be undone.",
    back: begin, act: async (code) => {
      const reply = await insist("withdraw", { code });
      if (reply.status !== 200) return withdraw(reply.error, code);
      if (reply.token === me.token) store.removeItem(kept);
      be(read());
      state = null;
      return screens.message("Withdrawn", "Your answers will not be used. Thank you all the same.");
    } });
}

/* The listener is known: go to the first trial without an answer. */
function enter(reply) {
  state = reply;
  if (state.finished) return end(state.completion_code);
  const away = Date.now() - (me.seen || 0) > DAY_MS;
  const waiting = outbox.trials(me.token);
  for (const trial of state.trials) {
    trial.answered ||= waiting.has(trial.id);
    // After a day one practices again.
    if (me.seen && away && trial.block === "practice") trial.answered = false;
  }
  outbox.hurry();
  const begun = state.trials.some((trial) => trial.answered);
  if (begun) events.add("resume");
  if (!away && begun) return next();
  const practice = state.trials.some((trial) => trial.block === "practice" && !trial.answered);
  screens.how({ study: state.study, kind: state.ask.kind, practice, code: me.code, go: next });
  return null;
}

const open = () => state.trials.filter((trial) => !trial.answered && !trial.skipped);

function next() {
  keep({ seen: Date.now() });
  const [trial, ...later] = open();
  if (!trial) return last();
  const over = practicing && trial.block === "main";
  practicing = trial.block === "practice";
  if (over) {
    return show(make("h1", {}, "Practice is over"),
      make("p", {}, "From now on your answers count."), button("Go on", next));
  }
  return present(trial, later.slice(0, 2));
}

function present(trial, soon = []) {
  progress(trial);
  const before = state.trials[state.trials.indexOf(trial) - 1];
  const back = state.ask.kind !== "label" && trial.block === "main" && before?.block === "main"
    && before.given ? () => present(before) : null;
  new Trial(trial, { state, sounds, events, back, put: (answer) => outbox.put(me.token, answer),
    add: (more) => state.trials.push(...more.filter((one) =>
      !state.trials.some((known) => known.id === one.id))),
    withdraw: () => withdraw(), done: next }).open();
  for (const token of soon.flatMap((one) => one.sounds)) sounds.get(token).catch(() => {});
}

/* Nothing is left here: wait for the outbox, then see whether the server agrees. */
async function last() {
  progress(null);
  screens.message("Saving your last answers …", "Keep this page open for a moment.");
  await outbox.empty(me.token);
  if (outbox.stopped) return screens.message("This did not work", outbox.stopped, links());
  const skipped = new Set(state.trials.filter((trial) => trial.skipped).map((trial) => trial.id));
  const reply = await insist("state");
  if (reply.status !== 200) return begin();
  state = reply;
  for (const trial of state.trials) trial.skipped = skipped.has(trial.id);
  if (state.finished) return end(state.completion_code);
  if (open().length) return next();
  return screens.comment((comment) => finish(comment, [...skipped]));
}

async function finish(comment, skipped) {
  events.flush();
  const reply = await insist("finish", { comment, skipped });
  if (reply.status !== 200) {
    return screens.message("This did not work", reply.error, button("Go on", begin));
  }
  return end(reply.completion_code);
}

function end(completion) {
  progress(null);
  // On the computers of a laboratory many listen; a panel sends each person with a name once.
  screens.thanks({ completion, code: me.code, withdraw: () => withdraw(),
    another: panelName() ? null : () => { keep({ token: null, code: null }); begin(); } });
}

/* Enter goes on wherever nothing else has the focus; but nobody agrees by accident. */
document.addEventListener("keydown", (event) => {
  const idle = event.target.matches("body, h1") && !document.querySelector(".next");
  if (event.key === "Enter" && state && idle) document.querySelector("main .go")?.click();
});
addEventListener("blur", () => events.add("blur"));
addEventListener("focus", () => events.add("focus"));
addEventListener("online", () => events.add("reconnect"));
if (store.forgets) document.getElementById("saved").title = "This browser keeps nothing: please "
  + "do not close the page before the end.";
be(read());
begin();
