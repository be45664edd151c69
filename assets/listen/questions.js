/* What is asked in a trial, as controls: grades, emotions, sliders, a note. */
import { capital, make } from "./make.js";

const BEST_FIRST = ["mos", "smos"]; // as the standards print their scales
const SLIDERS = {
  intensity: ["How strong is it?", "Barely there", "Very strong"],
  valence: ["Unpleasant or pleasant?", "Unpleasant", "Pleasant"],
  arousal: ["Calm or excited?", "Calm", "Excited"],
};
let made = 0; // names of groups differ

/* Big radio buttons. `choices` are [value, label, key or ""]. */
function radios(legend, choices, changed, { chips = false, graded = false } = {}) {
  const group = `group-${made += 1}`;
  const inputs = new Map();
  const rows = choices.map(([value, label, key]) => {
    const input = make("input", { type: "radio", name: group, value: String(value),
      onchange: () => changed() });
    inputs.set(value, input);
    const grade = graded ? make("span", { className: "grade" }, signed(value, choices)) : null;
    return make("label", { className: "choice" }, input, grade, make("span", {}, label),
      key ? make("kbd", { ariaHidden: "true" }, key) : null);
  });
  const node = make("fieldset", {},
    make("legend", {}, legend),
    chips ? make("div", { className: "chips" }, rows) : rows);
  const chosen = () => [...inputs].find(([, input]) => input.checked)?.[0];
  const choose = (value) => {
    const input = inputs.get(value);
    if (!input || input.disabled) return false;
    if (!input.checked) { input.checked = true; changed(); }
    return true;
  };
  return { node, inputs, chosen, choose };
}

const signed = (value, choices) =>
  value > 0 && choices.some(([other]) => other < 0) ? `+${value}` : String(value).replace("-", "−");

/* A slider that knows whether it was touched: where it was not, nothing was said. */
function slider([legend, low, high], changed, { must = false, ...range } = {}) {
  const { min = 0, max = 100, middle = 50, text = (number) => `${number} of 100` } = range;
  const head = `slider-${made += 1}`;
  const output = make("output");
  const input = make("input", { type: "range", min, max, step: 1, value: middle });
  input.setAttribute("aria-labelledby", head);
  const clear = must ? null : make("button", { type: "button", className: "link clear",
    hidden: true, ariaLabel: `Take back: ${legend}`, onclick: () => { set(null); changed(); } },
    "Take back");
  const node = make("div", { className: "slider untouched" },
    make("div", { className: "head" }, make("span", { id: head }, legend), output), input,
    make("div", { className: "ends" }, make("span", {}, low), clear, make("span", {}, high)));
  let touched = false;
  function set(number) {
    touched = number !== null;
    input.value = touched ? number : middle;
    draw();
  }
  function draw() {
    const said = touched ? text(Number(input.value)) : must ? "Move the slider" : "Not given";
    output.textContent = said;
    input.setAttribute("aria-valuetext", touched ? said : `${said}; ${low} to ${high}`);
    node.classList.toggle("untouched", !touched);
    if (clear) clear.hidden = !touched;
  }
  const touch = () => { touched = true; draw(); };
  input.addEventListener("input", touch);
  input.addEventListener("click", () => { if (!touched) { touch(); changed(); } });
  input.addEventListener("change", () => { touch(); changed(); });
  draw();
  return { node, set, value: () => (touched ? Number(input.value) / 100 : undefined) };
}

const keyOf = (at) => (at < 9 ? String(at + 1) : at === 9 ? "0" : "");

/* The question of a trial. `changed()` is called at each change of an answer.

   Returns {nodes, given(), missing(), key(letter), set(answer)}: `given` are the fields of the
   answer, `missing` is what is still to be done, or "". */
export function question(ask, changed) {
  if (ask.grades) return graded(ask, changed);
  return named(ask, changed);
}

function graded(ask, changed) {
  const ascending = ask.grades.map(({ value, label }, at) =>
    [value, label, ask.grades[0].value === 1 && ask.grades.length < 10 ? String(value)
      : keyOf(at)]);
  const shown = BEST_FIRST.includes(ask.kind) ? [...ascending].reverse() : ascending;
  const group = radios(ask.text, shown, changed, { graded: ask.grades.length > 3 });
  group.node.lang = ask.lang;
  return {
    nodes: [group.node],
    given: () => ({ value: group.chosen() }),
    missing: () => (group.chosen() === undefined ? "Choose an answer" : ""),
    key: (letter) => {
      const row = ascending.find(([, , key]) => key && key === letter);
      return row ? group.choose(row[0]) : false;
    },
    set: (answer) => group.choose(answer.value),
  };
}

function named(ask, changed) {
  const has = (field) => ask.asked.includes(field) || ask.offered.includes(field);
  const choices = ask.choices.map((name, at) => [name, capital(name), keyOf(at)]);
  const update = () => { draw(); changed(); };
  const main = radios(ask.text, choices, update, { chips: true });
  main.node.querySelector("legend").lang = ask.lang;
  const second = has("second_emotion") ? make("select", { onchange: () => update() },
    make("option", { value: "" }, "None"),
    ask.choices.map((name) => make("option", { value: name }, capital(name)))) : null;
  const secondly = second && make("label", { className: "field" }, "A second emotion (optional)",
    second);
  const share = has("second_share") ? slider(["How much of each?", "Equal", "Hardly any"], changed,
    { must: true, min: 50, max: 95, middle: 70, text: (number) => shares(number) }) : null;
  const sliders = Object.keys(SLIDERS).filter(has).map((field) =>
    [field, slider(SLIDERS[field], changed, { must: ask.asked.includes(field) })]);
  const note = has("note") ? make("textarea", { maxLength: 2000, rows: 2,
    onchange: () => changed() }) : null;

  const other = () => second?.value || undefined;
  const shares = (number) => `${capital(main.chosen() || "")} ${number} %, ` +
    `${other() || ""} ${100 - number} %`;
  function draw() {
    if (second) {
      secondly.hidden = main.chosen() === undefined;
      for (const option of second.options) {
        option.disabled = option.value !== "" && option.value === main.chosen();
        if (option.disabled && option.selected) second.value = "";
      }
    }
    if (share) {
      share.node.hidden = other() === undefined;
      if (share.value() !== undefined) share.set(Math.round(100 * share.value()));
    }
  }
  draw();
  return {
    nodes: [main.node, secondly, share?.node, ...sliders.map(([, each]) => each.node),
      note && make("label", { className: "field" }, "Note (optional)", note)].filter(Boolean),
    given: () => ({
      emotion: main.chosen(),
      second_emotion: other(),
      second_share: other() && share?.value() !== undefined
        ? Math.round(100 - 100 * share.value()) / 100 : undefined,
      ...Object.fromEntries(sliders.map(([field, each]) => [field, each.value()])),
      note: note?.value.trim() || undefined,
    }),
    missing: () => {
      if (main.chosen() === undefined) return "Choose an emotion";
      if (share && other() && share.value() === undefined) return "Say how much of each";
      const open = sliders.find(([field, each]) =>
        ask.asked.includes(field) && each.value() === undefined);
      return open ? "Move the slider" : "";
    },
    key: (letter) => {
      const row = choices.find(([, , key]) => key && key === letter);
      return row ? main.choose(row[0]) : false;
    },
    set: (answer) => {
      main.choose(answer.emotion);
      if (second) second.value = answer.second_emotion || "";
      if (share && answer.second_share !== undefined) {
        share.set(Math.round(100 - 100 * answer.second_share));
      }
      for (const [field, each] of sliders) {
        if (answer[field] !== undefined) each.set(Math.round(100 * answer[field]));
      }
      if (note) note.value = answer.note || "";
      draw();
    },
  };
}
