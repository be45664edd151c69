/* The dots as a list, for a keyboard and for those who see no map; it follows the filters. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { make, atlas } = window.emostudio;
  const ROWS = 25; // a page
  const COLUMNS = ["emotion", "speaker", "intensity", "cluster", "text"];
  const sound = new Audio(); // one at a time
  const name = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function hear(address) {
    if (!address) return;
    sound.src = address;
    sound.play().catch(() => { /* the browser wants a click first */ });
  }

  function listed(box, told) {
    let from = 0, open = false;
    function button(text, said, does) {
      const node = make("button", { type: "button" }, text);
      node.setAttribute("aria-label", said);
      node.addEventListener("click", does);
      return node;
    }
    function row(at, used) {
      const called = atlas.label(at), address = atlas.sound(at);
      const cells = used.map((column) => make("td", {}, atlas.named(at, column) || "–"));
      const buttons = [button("Show", `Show dot ${at + 1}: ${called}`, () => told({ id: at }))];
      if (address) {
        buttons.unshift(button("Hear", `Hear dot ${at + 1}: ${called}`, () => hear(address)));
      }
      return make("tr", {}, make("th", { scope: "row" }, String(at + 1)), ...cells,
        make("td", { className: "links" }, ...buttons));
    }
    function draw() {
      const { value, shown, selected } = atlas.now;
      if (!open || !value) return;
      const all = selected ? shown.filter((at) => selected.has(at)) : shown;
      from = Math.min(from, Math.max(0, Math.floor((all.length - 1) / ROWS) * ROWS));
      const used = COLUMNS.filter((column) => value.columns[column]?.names.some(Boolean));
      const heads = ["No.", ...used.map(name), ""].map((text) => make("th", { scope: "col" }, text));
      const to = Math.min(from + ROWS, all.length);
      const turn = (step) => { from = Math.max(0, from + step); draw(); };
      const back = button("Back", "The page before", () => turn(-ROWS));
      const on = button("Next", "The next page", () => turn(ROWS));
      back.disabled = from === 0;
      on.disabled = to >= all.length;
      const which = all.length ? `${from + 1} to ${to} of ${all.length}` : "No dot is left";
      box.replaceChildren(
        make("div", { className: "links" },
          make("span", { className: "note", role: "status" },
            `${which}${selected ? " selected" : ""}`), back, on),
        make("div", { className: "wide" }, make("table", {},
          make("thead", {}, make("tr", {}, ...heads)),
          make("tbody", {}, ...all.slice(from, to).map((at) => row(at, used))))));
    }
    for (const what of ["shown", "selected"]) atlas.on(what, () => { from = 0; draw(); });
    return (is) => { open = is; draw(); };
  }

  return { listed, hear };
})());
