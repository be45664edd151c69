/* What the parts of the Map page share: the dots, which of them are shown, what is marked, and
   which are selected. A part says `on(what, does)` to hear of a change. */
window.emostudio.atlas = (() => {
  "use strict";
  const BLANK = "not known";
  const now = {
    value: null, // dots, as web/components/map_view.py sends them
    color: "emotion", // the column that colors them
    only: {}, // column: names that alone are shown; none is all
    search: "",
    labels: false, // whether each dot has its name written beside it
    hidden: new Set(), // names of the coloring column that the legend has switched off
    shown: [], // numbers of the dots that are left
    selected: null, // a Set of numbers, null where nothing is selected
    marks: [], // {kind, x, y, label}: what lies on the map beside its dots
    path: [], // [x, y] of the path that is being drawn
    tool: "pick",
    silent: false, // whether what was picked last has no sound of its own, so that a take is due
  };
  const heard = {};
  const on = (what, does) => { (heard[what] ||= []).push(does); };
  const tell = (...changes) => {
    for (const what of changes) for (const does of heard[what] || []) does();
  };

  /* The name that a dot has in a column, "" where it has none. */
  const named = (at, column) => {
    const { names, codes } = now.value.columns[column] || { names: [""], codes: [] };
    return names[codes[at] ?? 0] ?? "";
  };
  const spoken = (name) => name || BLANK;
  const label = (at) => ["emotion", "speaker", "intensity"].map((column) => named(at, column))
    .filter(Boolean).join(" · ") || now.value.names[at];
  const sound = (at) => {
    const { folder, files } = now.value.sounds;
    return files[at] ? window.emostudio.url(`${folder}/${files[at]}`) : "";
  };

  let haystack = null; // what a search looks through, a line a dot
  function lines() {
    haystack ||= now.value.names.map((name, at) => [name, ...Object.keys(now.value.columns)
      .map((column) => named(at, column))].join(" ").toLowerCase());
    return haystack;
  }

  function sift() {
    if (!now.value) return;
    const words = now.search.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.entries(now.only).filter(([, names]) => names?.length);
    now.shown = [...now.value.x.keys()].filter((at) =>
      !now.hidden.has(named(at, now.color))
      && wanted.every(([column, names]) => names.includes(spoken(named(at, column))))
      && words.every((word) => lines()[at].includes(word)));
    tell("shown");
  }

  function set(value) {
    const other = value?.id !== now.value?.id;
    Object.assign(now, { value, haystack: null, path: [] });
    if (other) {
      haystack = null;
      now.hidden.clear();
      Object.assign(now, { selected: null, marks: [], only: {}, search: "" });
    }
    tell("value");
    sift();
    tell("marks", "selected");
  }

  let typing = 0;
  function look(color, emotion, speaker, search, labels) {
    if (color !== now.color) now.hidden.clear();
    Object.assign(now, { color, only: { emotion, speaker }, search: search || "", labels });
    clearTimeout(typing);
    typing = setTimeout(sift, 120); // a person who types is waited for
  }

  function toggle(name) {
    if (!now.hidden.delete(name)) now.hidden.add(name);
    sift();
  }
  /* Tells `told` of what is picked. A path is due when it is whole, and only its drawer knows
     when that is. */
  const picks = (told) => (what) => {
    now.silent = "places" in what ? now.tool === "pick" : "id" in what && !sound(what.id);
    told(what);
  };
  function mark(marks) { now.marks = marks || []; tell("marks"); }
  function select(numbers) {
    now.selected = numbers?.length ? new Set(numbers) : null;
    tell("selected");
  }
  function draw(path) { now.path = path; tell("marks"); }
  function use(tool) { now.tool = tool; tell("tool"); }

  return { now, on, set, look, toggle, picks, mark, select, draw, use, named, spoken, label,
    sound };
})();
