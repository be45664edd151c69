/* Sounds are fetched, decoded and played from memory: at once, always from the start, on every
   browser alike. */
import { make } from "./make.js";

const FADE_S = 0.005; // no click at either end
const KEPT = 12; // decoded sounds
const TRIES = 4;
const SIGNS = {
  play: "M7 4.5v15a1 1 0 0 0 1.5.86l12-7.5a1 1 0 0 0 0-1.72l-12-7.5A1 1 0 0 0 7 4.5z",
  stop: "M7 6h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1z",
};

export class Sounds {
  constructor() {
    this.fetched = new Map(); // token -> Promise<AudioBuffer>
    this.playing = null;
  }

  get context() {
    if (!this.made || this.made.state === "closed") {
      this.made = new (window.AudioContext || window.webkitAudioContext)();
    }
    return this.made;
  }

  /* Only a tap or a key may do this. */
  async wake() {
    if (navigator.audioSession) navigator.audioSession.type = "playback"; // also on a muted phone
    if (this.context.state !== "running") await this.context.resume();
  }

  get(token) {
    if (!this.fetched.has(token)) {
      const sound = this.load(token);
      sound.catch(() => this.fetched.delete(token));
      this.fetched.set(token, sound);
      if (this.fetched.size > KEPT) this.fetched.delete(this.fetched.keys().next().value);
    }
    return this.fetched.get(token);
  }

  async load(token) {
    for (let tried = 1; ; tried += 1) {
      try {
        const reply = await fetch(`../sounds/${token}`);
        if (!reply.ok) throw new Error(`status ${reply.status}`);
        return await this.context.decodeAudioData(await reply.arrayBuffer());
      } catch (error) {
        if (tried >= TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** tried));
      }
    }
  }

  /* Play a buffer from its start; returns how to stop it. */
  start(buffer, ended) {
    this.playing?.stop();
    const { context } = this;
    const source = context.createBufferSource();
    const gain = context.createGain();
    const begin = context.currentTime + 0.01;
    const end = begin + buffer.duration;
    source.buffer = buffer;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(1, begin + FADE_S);
    gain.gain.setValueAtTime(1, Math.max(begin + FADE_S, end - FADE_S));
    gain.gain.linearRampToValueAtTime(0, end);
    source.connect(gain).connect(context.destination);
    source.start(begin);
    const heard = () => Math.max(0, Math.min(buffer.duration, context.currentTime - begin));
    let over = false;
    const finish = (all) => {
      if (over) return;
      over = true;
      if (this.playing === playing) this.playing = null;
      ended(all ? buffer.duration : heard());
    };
    const playing = {
      heard,
      stop: () => {
        const now = context.currentTime;
        gain.gain.cancelScheduledValues(now);
        gain.gain.setTargetAtTime(0, now, FADE_S / 3);
        source.stop(now + FADE_S * 2);
        finish(false);
      },
    };
    source.onended = () => finish(true);
    this.playing = playing;
    return playing;
  }

  /* Three soft tones as loud as usual speech. */
  tone() {
    const rate = 16_000;
    const buffer = this.context.createBuffer(1, 3 * rate, rate);
    const wav = buffer.getChannelData(0);
    for (let at = 0; at < wav.length; at += 1) {
      const t = at / rate;
      const hertz = [330, 440, 550][Math.floor(t)];
      wav[at] = 0.09 * Math.sin(2 * Math.PI * hertz * t) * Math.sin(Math.PI * (t % 1)) ** 0.5;
    }
    return buffer;
  }
}

/* One clip to hear. `changed()` is called whenever it plays, ends or fails; `note(kind, payload)`
   keeps what happened. */
export class Player {
  constructor(sounds, { name, load, maxPlays = 0, changed = () => {}, note = () => {} }) {
    Object.assign(this, { sounds, name, load, maxPlays, changed, note });
    this.plays = 0;
    this.heard = 0; // seconds, the longest time without a stop
    this.duration = null;
    this.failed = false;
    this.playing = null;
    this.path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.append(this.path);
    this.hint = make("small", {}, "Loading …");
    this.way = make("i");
    this.node = make("button", { type: "button", className: "player", onclick: (event) => this.press(event) },
      make("span", { className: "sign", ariaHidden: "true" }, svg), make("b", {}, name), this.hint,
      make("span", { className: "way", ariaHidden: "true" }, this.way));
    this.draw();
    this.prepare();
  }

  async prepare() {
    this.failed = false;
    this.draw();
    try {
      this.duration = (await this.load()).duration;
      this.note("load");
    } catch (error) {
      this.failed = true;
      this.note("decode_error", { what: String(error).slice(0, 200) });
    }
    this.draw();
    this.changed();
  }

  get playsLeft() { return !this.maxPlays || this.plays < this.maxPlays; }

  /* After a tap or a click the keys of the page are those of the trial again. */
  press(event) {
    if (event.detail) this.node.blur();
    this.toggle();
  }

  toggle() {
    if (this.failed) return this.prepare();
    if (!this.playing) return this.play();
    // Where plays are counted, each is a whole one.
    return this.maxPlays ? null : this.stop();
  }

  async play() {
    if (this.duration === null || (!this.playing && !this.playsLeft)) return;
    if (this.playing && this.maxPlays) return;
    this.stop();
    const woken = this.sounds.wake();
    const buffer = await this.load();
    await woken;
    if (!this.node.isConnected || this.playing) return;
    this.plays += 1;
    this.note("play");
    this.playing = this.sounds.start(buffer, (heard) => {
      this.playing = null;
      this.heard = Math.max(this.heard, heard);
      this.note(heard >= this.duration ? "ended" : "pause", { heard_s: Number(heard.toFixed(3)) });
      this.draw();
      this.changed();
    });
    this.draw();
    this.changed();
    this.move();
  }

  stop() { this.playing?.stop(); }

  /* Draw the way while it plays. */
  move() {
    const part = this.playing ? this.playing.heard() / this.duration : 0;
    this.way.style.transform = `scaleX(${part})`;
    if (this.playing) requestAnimationFrame(() => this.move());
  }

  draw() {
    const { failed, playing, duration } = this;
    const left = this.maxPlays - this.plays;
    const spent = !playing && !this.playsLeft;
    this.path.setAttribute("d", playing && !this.maxPlays ? SIGNS.stop : SIGNS.play);
    this.hint.textContent = failed ? "Could not be loaded. Tap to try again."
      : duration === null ? "Loading …"
        : spent ? "No plays left"
          : playing ? "Playing"
            : this.maxPlays ? `${left} ${left === 1 ? "play" : "plays"} left`
              : this.plays ? `Played ${this.plays}×` : "Tap to play";
    this.node.disabled = spent || (duration === null && !failed);
    const verb = failed ? "Load again" : playing && !this.maxPlays ? "Stop" : "Play";
    this.node.setAttribute("aria-label", `${verb}: ${this.name}. ${this.hint.textContent}`);
  }
}
