/* Answers wait here, in localStorage, until the server says that they are durable.

   An answer leaves only on its own acknowledgment or refusal; whatever else happens (no connection,
   a server that restarts, a limit) it is sent again. The server knows it by its response_uid, so
   that sending twice is harmless. */
const AT_ONCE = 10; // answers a request
const LONGEST_MS = 30_000; // between two tries

/* localStorage, or memory where the browser forbids it. */
export const store = (() => {
  try {
    localStorage.setItem("emostudio.try", "1");
    localStorage.removeItem("emostudio.try");
    return localStorage;
  } catch {
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text),
      removeItem: (key) => kept.delete(key), forgets: true };
  }
})();

export class Outbox {
  /* `tell(state)` hears {waiting, failing, refused: sentence | null, stopped: sentence | null}. */
  constructor(slug, tell) {
    this.address = `${slug}/responses`;
    this.key = `emostudio.outbox.${slug}`;
    this.tell = tell;
    this.answered = new Map(); // uid -> resolve
    this.tries = 0;
    this.sending = false;
    this.timer = 0;
    this.refused = null;
    this.stops = new Map(); // token -> why the server takes nothing of it
    this.token = null; // of who listens now
    addEventListener("online", () => this.hurry());
    addEventListener("storage", ({ key }) => { if (key === this.key) this.report(); });
    addEventListener("pagehide", () => this.beacon());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.hurry();
    });
  }

  /* What waits: [{token, answer}]. Read each time: another tab writes here, too. */
  get items() {
    try { return JSON.parse(store.getItem(this.key)) || []; } catch { return []; }
  }

  set items(items) {
    if (items.length) store.setItem(this.key, JSON.stringify(items));
    else store.removeItem(this.key);
  }

  /* Trials of a listener whose answer is on its way. */
  trials(token) {
    return new Set(this.items.filter((item) => item.token === token)
      .map((item) => item.answer.trial));
  }

  /* What can be sent. */
  get ready() { return this.items.filter((item) => !this.stops.has(item.token)); }

  get stopped() { return this.stops.get(this.token) || null; }

  /* Keep an answer and send it; resolves with what the server says of it, once it is durable. */
  put(token, answer) {
    this.items = [...this.items, { token, answer }];
    this.report();
    const done = new Promise((resolve) => this.answered.set(answer.response_uid, resolve));
    this.hurry();
    return done;
  }

  /* Send now, unless the server asked to wait. */
  hurry() {
    if (this.sending || performance.now() < (this.notBefore || 0)) return;
    clearTimeout(this.timer);
    this.send();
  }

  async send() {
    const [first] = this.ready;
    if (!first || this.sending) { this.report(); return; }
    this.sending = true;
    const batch = this.ready.filter((item) => item.token === first.token).slice(0, AT_ONCE);
    let wait = null;
    try {
      const reply = await fetch(this.address, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${first.token}` },
        body: JSON.stringify({ answers: batch.map((item) => item.answer) }),
        signal: AbortSignal.timeout ? AbortSignal.timeout(20_000) : undefined,
      });
      if (reply.status === 429) wait = 1000 * (Number(reply.headers.get("Retry-After")) || 5);
      else if (reply.ok) this.take((await reply.json()).results);
      else if (reply.status === 401 || reply.status === 410) {
        this.stops.set(first.token, (await reply.json()).error);
        // Withdrawn is withdrawn. Of one that is unknown here the answers stay: the server may have
        // them again after a restore.
        if (reply.status === 410) {
          this.items = this.items.filter((item) => item.token !== first.token);
        }
      } else throw new Error(`status ${reply.status}`);
      this.tries = 0;
    } catch {
      this.tries += 1;
      wait = Math.min(LONGEST_MS, 500 * 2 ** this.tries) * (0.7 + 0.6 * Math.random());
    }
    this.sending = false;
    this.report();
    if (!this.ready.length) return;
    this.notBefore = this.tries ? 0 : performance.now() + (wait || 0);
    this.timer = setTimeout(() => this.send(), wait || 0);
  }

  /* Each answer has its own verdict; without one it stays. */
  take(results) {
    const known = new Map(results.map((result) => [result.response_uid, result]));
    this.items = this.items.filter((item) => !known.has(item.answer.response_uid));
    for (const [uid, result] of known) {
      if (!result.stored) this.refused = result.error;
      this.answered.get(uid)?.(result);
      this.answered.delete(uid);
    }
  }

  /* The last chance of a page that goes; the answer stays kept until it is acknowledged. */
  beacon() {
    const [first] = this.ready;
    if (!first || !navigator.sendBeacon) return;
    const answers = this.ready.filter((item) => item.token === first.token)
      .slice(0, AT_ONCE).map((item) => item.answer);
    navigator.sendBeacon(this.address, JSON.stringify({ token: first.token, answers }));
  }

  report() {
    this.tell({ waiting: this.ready.length, failing: this.tries > 0, refused: this.refused,
      stopped: this.stopped });
  }

  /* Resolves when nothing of a listener waits any more, or nothing more is taken. */
  async empty(token) {
    while (this.ready.some((item) => item.token === token)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/* What happened on the page. Kept for those who look into a strange answer; may be lost. */
export class Events {
  constructor(slug) {
    this.address = `${slug}/events`;
    this.kept = [];
    addEventListener("pagehide", () => this.flush(true));
    setInterval(() => this.flush(), 15_000);
  }

  add(kind, trial = null, payload = null) {
    if (this.kept.length < 100) {
      this.kept.push({ kind, trial, t_ms: Math.round(performance.now()), payload });
    }
  }

  flush(leaving = false) {
    if (!this.kept.length || !this.token) return;
    const body = JSON.stringify({ token: this.token, events: this.kept.splice(0) });
    if (leaving) navigator.sendBeacon?.(this.address, body);
    else fetch(this.address, { method: "POST", body }).catch(() => {});
  }
}
