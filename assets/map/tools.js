/* What a mouse or a finger does on the map: pick a dot or an empty place, draw a path, select. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { make, atlas } = window.emostudio;
  const MOST = 6; // places of a path
  const STILL = 6; // px that a click may wander
  const TOOLS = { pick: "Pick", move: "Move", lasso: "Lasso", box: "Box", path: "Draw a path" };
  const HINTS = {
    pick: matchMedia("(pointer: coarse)").matches
      ? "Tap a dot to hear it, or an empty place to speak from there."
      : "Click a dot to hear it, or an empty place to speak from there. Drag to move, "
        + "Ctrl + wheel to look closer.",
    move: "Drag to move the map.",
    lasso: "Draw around the dots that you want to select.",
    box: "Draw a box around the dots that you want to select.",
    path: `Click 2 to ${MOST} places; a take moves along them.`,
  };

  /* Where on the map a pointer is: [x, y], or null beside it. */
  function place(box, { clientX, clientY }) {
    const full = box._fullLayout;
    if (!full?.xaxis) return null;
    const frame = box.getBoundingClientRect(), { xaxis, yaxis } = full;
    const x = clientX - frame.left - xaxis._offset, y = clientY - frame.top - yaxis._offset;
    if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return null;
    return [xaxis.p2d(x), yaxis.p2d(y)];
  }

  /* The shown dot that is next to a pointer, -1 where none is within reach. */
  function hit(box, { clientX, clientY }, reach) {
    const { value, shown } = atlas.now, { xaxis, yaxis } = box._fullLayout;
    const frame = box.getBoundingClientRect();
    const x = clientX - frame.left - xaxis._offset, y = clientY - frame.top - yaxis._offset;
    let best = -1, least = reach;
    for (const at of shown) {
      const apart = Math.hypot(xaxis.d2p(value.x[at]) - x, yaxis.d2p(value.y[at]) - y);
      if (apart < least) [best, least] = [at, apart];
    }
    return best;
  }

  /* `told` hears of {id} of a dot, or {places} of an empty place or of a path. */
  function pointed(box, told) {
    let began = null;
    const clicked = (event) => {
      const where = place(box, event);
      if (!where) return;
      const at = hit(box, event, event.pointerType === "touch" ? 22 : 11);
      const { value, tool, path } = atlas.now;
      if (tool === "path") {
        if (path.length >= MOST) return;
        const next = at < 0 ? where : [value.x[at], value.y[at]];
        atlas.draw([...path, next]);
        told({ places: atlas.now.path });
      } else if (at >= 0) told({ id: at });
      else told({ places: [where] });
    };
    box.addEventListener("pointerdown", (event) => {
      const clicks = ["pick", "path"].includes(atlas.now.tool) && event.button === 0;
      began = clicks && place(box, event) ? event : null;
    }, true);
    // While the button is down plotly.js covers the page: the release is heard above it.
    window.addEventListener("pointerup", (event) => {
      const from = began;
      began = null;
      if (!from || Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL) {
        return;
      }
      clicked(from);
    }, true);
    window.addEventListener("pointercancel", () => { began = null; }, true);
    // A finger that picks leaves the page to scroll.
    box.addEventListener("touchstart", (event) => {
      if (["pick", "path"].includes(atlas.now.tool)) event.stopPropagation();
    }, { capture: true, passive: true });
  }

  /* The row above the map, and the line below it. */
  function toolbar(box, line, { zoom, whole, picture }, told) {
    const button = (text, does, name = "") => {
      const node = make("button", { type: "button", className: "tool" }, text);
      if (name) { node.setAttribute("aria-label", name); node.title = name; }
      node.addEventListener("click", does);
      return node;
    };
    const tools = Object.entries(TOOLS).map(([tool, text]) => {
      const node = button(text, () => {
        if (atlas.now.path.length) atlas.draw([]);
        atlas.use(tool);
      });
      node.dataset.tool = tool;
      return node;
    });
    box.setAttribute("role", "toolbar");
    box.setAttribute("aria-label", "What a click or a drag does on the map");
    box.append(make("span", { className: "tools" }, ...tools),
      make("span", { className: "tools" }, button("+", () => zoom(1.5), "Look closer"),
        button("−", () => zoom(1 / 1.5), "Look from farther away"),
        button("Whole map", whole), button("Picture", picture, "Download a picture of the map")));

    function draw() {
      const { tool, path, selected, shown, value } = atlas.now;
      for (const node of tools) {
        node.setAttribute("aria-pressed", String(node.dataset.tool === tool));
      }
      const parts = [make("span", {}, HINTS[tool])];
      if (path.length) {
        parts.push(make("span", {}, ` ${path.length} so far. `), button("Undo", () => {
          atlas.draw(path.slice(0, -1));
          if (atlas.now.path.length) told({ places: atlas.now.path });
        }));
      }
      if (selected) {
        parts.push(make("strong", {}, ` ${selected.size} selected. `), button("Select none", () => {
          atlas.select(null);
          told({ selected: [] });
        }));
      }
      if (value && shown.length < value.x.length) {
        parts.push(make("span", {}, ` ${shown.length} of ${value.x.length} dots are shown.`));
      }
      line.replaceChildren(...parts);
    }
    for (const what of ["tool", "marks", "selected", "shown"]) atlas.on(what, draw);
    draw();
  }

  return { pointed, toolbar };
})());
