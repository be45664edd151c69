/* The screens around the trials: consent, volume, headphones, how it works, the end. */
import { button, capital, make, show, written } from "./make.js";

const minutes = (count) => `about ${count} ${count === 1 ? "minute" : "minutes"}`;

export const message = (heading, text, ...more) =>
  show(make("h1", {}, heading), make("p", {}, text), ...more);

export function consent(about, { agree, goOn, withdraw }) {
  const clips = about.trials ? `${about.trials} short screens, ${minutes(about.minutes)}. ` : "";
  show(
    make("h1", { lang: about.language }, about.title),
    make("p", { className: "quiet" }, `${clips}You need a quiet place; you may stop at any time `
      + "and go on later in this browser."),
    written(about.consent, about.language),
    about.contact ? make("p", {}, "Contact: ", make("span", {}, about.contact)) : null,
    button("Agree and go on", agree),
    make("div", { className: "links" }, button("I have a code from before", goOn, "link"),
      button("Withdraw my answers", withdraw, "link")),
  );
}

export function volume(player, go) {
  show(
    make("h1", {}, "Set the volume"),
    make("p", {}, "Play the tones and set your volume so that they are clear and comfortable. "
      + "Then please leave it as it is."),
    player.node,
    button("I hear the tones well", go),
  );
}

export function headphones(choose) {
  show(
    make("h1", {}, "What do you listen with?"),
    make("p", {}, "Headphones or earphones are better, if you have some at hand."),
    make("div", { className: "row" },
      button("Headphones or earphones", () => choose(true), "other"),
      button("Loudspeaker", () => choose(false), "other")),
    button("I would rather not say", () => choose(null), "link"),
  );
}

export function how({ study, kind, practice, code, go }) {
  const key = (name) => make("kbd", {}, name);
  show(
    make("h1", {}, "How it works"),
    written(study.instructions, study.language),
    make("p", {}, kind === "label"
      ? "Listen to each clip to its end and say what you hear. Leave out what you can't tell."
      : "Listen to the end, answer, and go on. There is no right answer but what you hear."),
    make("p", { className: "keys" }, "Keys: ", key("Space"), " plays, ", key("1"), " to ",
      key("9"), " answer, ", key("←"), " ", key("→"), " move a slider, ", key("R"),
      " plays again, ", key("Enter"), " goes on."),
    code ? kept(code) : null,
    button(practice ? "Start with practice" : "Start", go),
  );
}

/* The code is the only way back on another device, and the way out. */
function kept(code) {
  return make("div", { className: "notice fine" },
    make("p", { className: "small" }, "Note this code. With it you can go on in another browser, "
      + "or withdraw your answers:"),
    make("p", { className: "code" }, code));
}

export function askCode({ heading, text, act, label, code = "", back, failed = "" }) {
  const input = make("input", { type: "text", value: code, autocapitalize: "characters",
    autocomplete: "off", spellcheck: false, placeholder: "ABCD-EFGH-JKMN" });
  const form = make("form", { onsubmit: (event) => {
    event.preventDefault();
    act(input.value);
  } }, make("label", { className: "field" }, "Your code", input));
  show(
    make("h1", {}, heading), make("p", {}, text),
    failed ? make("p", { className: "notice", role: "alert" }, failed) : null, form,
    make("div", { className: "row" }, button("Back", back, "other"),
      button(label, () => act(input.value))),
  );
}

export function comment(go) {
  const text = make("textarea", { maxLength: 2000, rows: 3 });
  show(
    make("h1", {}, "That was the last one"),
    make("label", { className: "field" }, "Is there anything we should know? (optional)", text),
    button("Finish", () => go(text.value.trim())),
  );
}

export function thanks({ completion, code, withdraw, another }) {
  show(
    make("h1", {}, "Thank you!"),
    make("p", {}, "All your answers are saved. You may close this page."),
    make("p", { className: "small quiet" }, "If somebody asks for it, your completion code is:"),
    make("p", { className: "code", id: "completion" }, completion),
    code ? kept(code) : null,
    make("div", { className: "links" }, button("Withdraw my answers", withdraw, "link"),
      another ? button("Another person listens next", another, "link") : null),
  );
}

/* After a practice answer. */
export function feedback({ right, expected }) {
  const text = right ? `That is what most people hear: ${expected}.`
    : `Most people hear: ${expected}.`;
  return make("p", { className: "notice fine", role: "status" }, text);
}

/* After a label: what the recognizer thinks, the likeliest first. */
export function guess(shares) {
  const rows = Object.entries(shares).sort(([, one], [, two]) => two - one).slice(0, 4);
  const bar = (share) => {
    const part = make("b");
    part.style.width = `${100 * share}%`;
    return make("i", { ariaHidden: "true" }, part);
  };
  return make("div", { className: "notice fine", role: "status" },
    make("h2", {}, "The recognizer hears"),
    make("ul", { className: "guess" }, rows.map(([name, share]) =>
      make("li", {}, make("span", {}, capital(name)), bar(share),
        make("span", {}, `${Math.round(100 * share)} %`)))));
}
