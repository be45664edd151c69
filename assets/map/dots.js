/* The dots, drawn by plotly.js: one trace of all that are shown, and what is marked above it. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { atlas } = window.emostudio;
  const GRAY = "#808696", GRID = "rgba(128,134,150,.18)", INK = "#8b5cf6", AMBER = "#f59e0b";
  const WRITTEN = 400; // names beside dots; more can't be read
  const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: true, doubleClick: false };
  const DRAGS = { pick: "pan", move: "pan", lasso: "lasso", box: "select", path: "pan" };
  const MARKS = {
    near: { symbol: "circle-open", size: 15, color: INK, line: { width: 1.5 } },
    picked: { symbol: "circle-open", size: 22, color: INK, line: { width: 3 } },
    place: { symbol: "cross-thin-open", size: 20, color: INK, line: { width: 3 } },
    clip: { symbol: "star", size: 17, color: AMBER, line: { width: 1.5, color: INK } },
    take: { symbol: "hexagram", size: 16, color: "#10b981", line: { width: 1.5, color: INK } },
  };
  // plotly.js reads some tags in its texts; what a file is called is none.
  const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

  function dots() {
    const { value, shown, color, selected, labels } = atlas.now;
    const looks = atlas.looks();
    const codes = value.columns[color]?.codes || [];
    const look = (at) => looks[codes[at] ?? 0];
    const many = shown.length > 2_000;
    const trace = {
      type: "scattergl", mode: "markers", name: "",
      x: shown.map((at) => value.x[at]), y: shown.map((at) => value.y[at]), customdata: shown,
      text: shown.map((at) => `<b>${plain(atlas.label(at))}</b>`
        + (atlas.named(at, "text") ? `<br>${plain(atlas.named(at, "text").slice(0, 60))}` : "")),
      hovertemplate: "%{text}<extra></extra>",
      marker: { color: shown.map((at) => look(at).color), symbol: shown.map((at) => look(at).symbol),
        size: many ? 6 : 9, opacity: many ? .7 : .85 },
      selectedpoints: selected && [...shown.keys()].filter((place) => selected.has(shown[place])),
      selected: { marker: { opacity: 1 } }, unselected: { marker: { opacity: .15 } },
    };
    if (!labels) return [trace];
    const step = Math.ceil(shown.length / WRITTEN);
    const few = shown.filter((_, place) => place % step === 0);
    return [trace, { type: "scatter", mode: "text", hoverinfo: "skip", textposition: "top center",
      x: few.map((at) => value.x[at]), y: few.map((at) => value.y[at]),
      text: few.map((at) => plain(atlas.spoken(atlas.named(at, color)))),
      textfont: { size: 10, color: GRAY } }];
  }

  /* The places of a path: the one that is being drawn, or the one that was spoken along. */
  const along = () => (atlas.now.path.length ? atlas.now.path
    : atlas.now.marks.filter(({ kind }) => kind === "path").map(({ x, y }) => [x, y]));

  // Dots of WebGL lie above all SVG of the plot but its annotations: marks are WebGL as well.
  function marks() {
    const traces = Object.entries(MARKS).map(([kind, marker]) => {
      const some = atlas.now.marks.filter((each) => each.kind === kind);
      return { type: "scattergl", mode: "markers", hoverinfo: "skip", marker,
        x: some.map(({ x }) => x), y: some.map(({ y }) => y) };
    });
    const drawn = along();
    return [...traces, { type: "scattergl", mode: "lines+markers", hoverinfo: "skip",
      x: drawn.map(([x]) => x), y: drawn.map(([, y]) => y), line: { color: INK, width: 3 },
      marker: { size: 9, color: INK } }];
  }

  function words() {
    const word = (x, y, text, yshift) => ({ x, y, text, yshift, showarrow: false, borderpad: 1,
      bgcolor: "rgba(255,255,255,.8)", font: { size: 12, color: INK, weight: 700 } });
    return [...atlas.now.marks.filter(({ label }) => label)
      .map(({ x, y, label: text }) => word(x, y, text, -18)),
    ...along().map(([x, y], at) => word(x, y, String(at + 1), 16))];
  }

  /* Opposite corners of all dots, unseen: a filter leaves the map where it is. */
  function frame() {
    const { x, y } = atlas.now.value;
    const ends = (all) => [Math.min(...all), Math.max(...all)];
    return { type: "scatter", mode: "markers", hoverinfo: "skip", marker: { size: 9, opacity: 0 },
      x: ends(x), y: ends(y) };
  }

  function layout() {
    const { value, tool } = atlas.now;
    const coarse = window.matchMedia("(pointer: coarse)").matches;
    const axis = (title) => ({ gridcolor: GRID, zeroline: false, showticklabels: value.ticks,
      title: { text: title, standoff: 6 }, ticks: "" });
    return {
      autosize: true, margin: value.ticks || value.axes[0] ? { l: 52, r: 10, t: 10, b: 42 } : { l: 10, r: 10, t: 10, b: 10 }, showlegend: false,
      hovermode: "closest", hoverdistance: 12,
      // A finger scrolls the page, unless it was told to move the map.
      dragmode: coarse && ["pick", "path"].includes(tool) ? false : DRAGS[tool],
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: GRAY, size: 11 },
      uirevision: `${value.id} ${value.feature} ${value.method}`,
      selectionrevision: atlas.now.selected ? "some" : Math.random(),
      xaxis: axis(value.axes[0]), yaxis: axis(value.axes[1]),
      annotations: words(),
      newselection: { line: { color: INK, width: 2 } },
    };
  }

  /* Draws into `box` whenever something changes; `selected(numbers)` hears of a lasso. */
  function dotted(box, path, selected) {
    let Plotly = null, waiting = false;
    async function draw() {
      if (!atlas.now.value || waiting) return;
      waiting = true;
      Plotly ||= await window.emostudio.plotly(path);
      await new Promise(requestAnimationFrame); // what changes at once is drawn once
      waiting = false;
      box.classList.toggle("picks", ["pick", "path"].includes(atlas.now.tool));
      box.classList.toggle("moves", ["move", "lasso", "box"].includes(atlas.now.tool));
      const first = !box.data;
      await Plotly.react(box, [...dots(), ...marks(), frame()], layout(), CONFIG);
      if (!first) return;
      box.on("plotly_selected", (event) => {
        if (!event?.lassoPoints && !event?.range) return; // a drawing that replaces the outline
        const numbers = event.points.map((point) => point.customdata)
          .filter(Number.isInteger);
        atlas.select(numbers);
        selected(numbers);
      });
      // The wheel scrolls the page; with Ctrl it looks closer.
      box.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
      }, true);
    }
    for (const what of ["shown", "marks", "selected", "tool"]) atlas.on(what, draw);
    draw();

    /* Looks closer by `factor`, at the middle. */
    function zoom(factor) {
      const { xaxis, yaxis } = box._fullLayout || {};
      if (!xaxis) return;
      const range = ({ range: [from, to] }) => {
        const middle = (from + to) / 2, half = (to - from) / 2 / factor;
        return [middle - half, middle + half];
      };
      Plotly.relayout(box, { "xaxis.range": range(xaxis), "yaxis.range": range(yaxis) });
    }
    const whole = () => Plotly?.relayout(box, { "xaxis.autorange": true, "yaxis.autorange": true });

    /* Downloads what is seen, with its legend, on white. */
    async function picture() {
      if (!box.data) return;
      const { value, color } = atlas.now;
      const used = new Set(atlas.now.shown.map((at) => atlas.named(at, color)));
      const keys = atlas.looks().filter(({ name }) => used.has(name)).map((each) => ({
        x: [null], y: [null], type: "scatter", mode: "markers", name: plain(atlas.spoken(each.name)),
        marker: { color: each.color, symbol: each.symbol, size: 10 } }));
      const traces = box.data.map((trace) => ({ ...trace, showlegend: false }));
      await Plotly.downloadImage({ data: [...traces, ...keys], layout: { ...box.layout,
        xaxis: { ...box.layout.xaxis, range: box._fullLayout.xaxis.range },
        yaxis: { ...box.layout.yaxis, range: box._fullLayout.yaxis.range },
        paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: true,
        title: { text: plain(value.title), x: .02 }, margin: { l: 40, r: 20, t: 50, b: 40 } },
      }, { format: "png", width: 1200, height: 900, scale: 2, filename: "emostudio-map" });
    }
    return { zoom, whole, picture };
  }

  return { dotted };
})());
