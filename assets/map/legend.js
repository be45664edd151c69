/* How dots look: a color and a shape for each name of a column, and the legend that switches the
   names on and off. Shapes say the same as colors, for those who see none. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { make, atlas } = window.emostudio;
  const LISTED = 40; // names of a legend
  const COLORS = ["#8b5cf6", "#0ea5e9", "#f59e0b", "#10b981", "#ef4444", "#ec4899", "#65a30d",
    "#a8896c", "#3b82f6", "#14b8a6"];
  const GRAY = "#808696"; // reads on white and on near-black alike
  const SHAPES = { // as plotly.js calls them, and as they are drawn in a box of 20
    circle: "M10 3a7 7 0 1 0 .01 0Z",
    square: "M4 4h12v12H4Z",
    diamond: "M10 1.5l8.5 8.5-8.5 8.5-8.5-8.5Z",
    "triangle-up": "M10 2.5l8.5 15H1.5Z",
    "triangle-down": "M10 17.5l8.5-15H1.5Z",
    cross: "M7.5 2h5v5.5H18v5h-5.5V18h-5v-5.5H2v-5h5.5Z",
    x: "M5.2 2L10 6.8 14.8 2 18 5.2 13.2 10 18 14.8 14.8 18 10 13.2 5.2 18 2 14.8 6.8 10 2 5.2Z",
    star: "M10 1.5l2.5 5.8 6.3.6-4.8 4.2 1.4 6.2-5.4-3.3-5.4 3.3L6 12.1 1.2 7.9l6.3-.6Z",
    pentagon: "M10 2l8.5 6.2-3.3 10H4.8l-3.3-10Z",
  };
  const ORDER = Object.keys(SHAPES);

  /* {name, color, symbol} for each name of the coloring column, in the order of its codes. */
  function looks() {
    const root = getComputedStyle(document.documentElement);
    return (atlas.now.value?.columns[atlas.now.color]?.names || [""]).map((name, at) => {
      const own = atlas.now.color === "emotion" && root.getPropertyValue(`--${name}`).trim();
      const color = own || COLORS[at % COLORS.length];
      return name ? { name, color, symbol: ORDER[at % ORDER.length] }
        : { name, color: GRAY, symbol: "circle-open" };
    });
  }

  function icon({ color, symbol }) {
    const open = symbol.endsWith("-open");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[symbol.replace("-open", "")]);
    path.setAttribute("fill", open ? "none" : color);
    path.setAttribute("stroke", color);
    path.setAttribute("stroke-width", open ? 2 : 0);
    svg.append(path);
    return svg;
  }

  function legend(box) {
    function draw() {
      const { now } = atlas;
      const { codes = [] } = now.value?.columns[now.color] || {};
      const counts = new Map();
      for (const code of codes) counts.set(code, (counts.get(code) || 0) + 1);
      const all = looks().map((each, code) => ({ ...each, count: counts.get(code) || 0 }))
        .filter(({ count }) => count);
      const listed = [...all].sort((a, b) => b.count - a.count).slice(0, LISTED);
      const focused = document.activeElement?.closest?.(".legend button")?.dataset.name;
      const buttons = all.filter((each) => listed.includes(each)).map((each) => {
        const button = make("button", { type: "button", className: "key" }, icon(each),
          atlas.spoken(each.name), make("small", {}, String(each.count)));
        button.dataset.name = each.name;
        button.setAttribute("aria-pressed", String(!now.hidden.has(each.name)));
        button.addEventListener("click", () => atlas.toggle(each.name));
        return button;
      });
      const more = all.length - listed.length;
      if (more > 0) buttons.push(make("span", { className: "note" }, `and ${more} more`));
      box.replaceChildren(...buttons);
      [...box.children].find((node) => node.dataset.name === focused)?.focus();
    }
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Legend: press a name to hide or show its dots");
    atlas.on("shown", draw);
    draw();
  }

  return { looks, legend };
})());
