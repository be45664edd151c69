/* F0 and energy over time, one line for each of source, reference and result. F0 is drawn anew
   with the mouse, or with a finger that moves sideways; a drag on energy zooms in time. */
Object.assign(window.emostudio, (() => {
  "use strict";
  const GRAY = "#808696", GRID = "rgba(128,134,150,.22)"; // read on white and on near-black alike
  const LOOKS = {
    source: { name: "Source", color: GRAY, width: 1.6 },
    reference: { name: "Reference", color: "#f59e0b", width: 1.6, dash: "dot" },
    result: { name: "Result", color: "#8b5cf6", width: 2.4 },
  };
  const DRAWN = { name: "Drawn", color: "#10b981", width: 3 };
  const LOW = 60, HIGH = 600; // Hz, as Conversion has them
  const text = (points) => points.map(([s, hz]) => `${s.toFixed(3)}, ${hz.toFixed(1)}`).join("\n");
  let show = () => {}; // puts a drawing into the picture that is there

  let library = null;
  function plotly(path) {
    library ||= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = window.emostudio.url(path);
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => { library = null; reject(new Error("plotly.js did not load")); };
      document.head.append(script);
    });
    return library;
  }

  function lines({ lines: tracks }) {
    return Object.entries(tracks).flatMap(([which, { start_s, step_s, f0, energy }]) => {
      const { name, ...line } = LOOKS[which];
      const x = f0.map((_, at) => start_s + at * step_s);
      const common = { x, name, line, mode: "lines", legendgroup: which, connectgaps: false };
      return [
        { ...common, y: f0, hovertemplate: `${name}: %{y:.0f} Hz at %{x:.2f} s<extra></extra>` },
        { ...common, y: energy, yaxis: "y2", showlegend: false, hoverinfo: "skip" },
      ];
    });
  }

  function layout({ duration_s, lines: tracks }) {
    const heard = Object.values(tracks).flatMap(({ f0 }) => f0.filter((hz) => hz !== null));
    const low = Math.max(LOW, 0.75 * heard.reduce((a, b) => Math.min(a, b), 100));
    const high = Math.min(HIGH, 1.3 * heard.reduce((a, b) => Math.max(a, b), 200));
    const axis = { gridcolor: GRID, zeroline: false, automargin: false, fixedrange: true };
    return {
      height: 380, margin: { l: 50, r: 10, t: 34, b: 38 }, dragmode: "zoom",
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: GRAY, size: 11 }, hovermode: "closest",
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      xaxis: { ...axis, fixedrange: false, range: [0, duration_s], anchor: "y2",
        title: { text: "seconds", standoff: 4 } },
      // A drawing is straight in log Hz, and so does it look here.
      yaxis: { ...axis, domain: [0.36, 1], type: "log", range: [low, high].map(Math.log10),
        nticks: 6, title: { text: "F0, Hz", standoff: 6 } },
      yaxis2: { ...axis, domain: [0, 0.3], nticks: 3, title: { text: "energy, dB", standoff: 6 } },
    };
  }

  /* The drawing with a stroke in it: it takes the place of what was drawn in its time. */
  function merged(points, stroke) {
    if (stroke.length < 2) return points;
    const times = stroke.map(([seconds]) => seconds);
    const first = Math.min(...times), last = Math.max(...times);
    const rest = points.filter(([seconds]) => seconds < first || seconds > last);
    const sorted = [...stroke].sort((a, b) => a[0] - b[0]);
    return [...rest, ...sorted].sort((a, b) => a[0] - b[0]);
  }

  function read(written) {
    return (written || "").split("\n").map((line) => line.split(/[,;]/).map(Number))
      .filter((pair) => pair.length === 2 && pair.every(Number.isFinite))
      .sort((a, b) => a[0] - b[0]);
  }

  /* `done(text)` tells what was drawn, "seconds, Hz" a line; `path` is where plotly.js lies. */
  function contours(element, props, watch, done, path) {
    let points = [], stroke = null, value = null;
    const box = () => element.querySelector(".drawn");
    const paint = () => {
      const gd = box();
      if (!gd?.data) return;
      const seen = stroke ? merged(points, stroke) : points;
      const at = gd.data.findIndex((trace) => trace.name === DRAWN.name);
      window.Plotly.restyle(gd, { x: [seen.map((p) => p[0])], y: [seen.map((p) => p[1])],
        showlegend: seen.length > 0 }, [at]);
    };
    show = (written) => { points = read(written); paint(); };

    /* Where a pointer is on the F0 panel: seconds and Hz, or null beside it. */
    function place(event, { clamp = false } = {}) {
      const gd = box(), full = gd?._fullLayout;
      if (!full) return null;
      const frame = gd.getBoundingClientRect();
      const { xaxis, yaxis } = full;
      let x = event.clientX - frame.left - xaxis._offset;
      let y = event.clientY - frame.top - yaxis._offset;
      const beside = x < 0 || y < 0 || x > xaxis._length || y > yaxis._length;
      if (beside && !clamp) return null;
      x = Math.min(Math.max(x, 0), xaxis._length);
      y = Math.min(Math.max(y, 0), yaxis._length);
      return [Math.max(0, xaxis.p2d(x)), Math.min(HIGH, Math.max(LOW, yaxis.p2d(y)))];
    }
    function add(point) {
      const [from, to] = box()._fullLayout.xaxis.range;
      const apart = (to - from) / 200; // seconds; more points than that can't be told apart
      stroke = stroke.filter(([seconds]) => Math.abs(seconds - point[0]) >= apart);
      stroke.push(point);
    }
    element.addEventListener("pointerdown", (event) => {
      const point = event.button === 0 ? place(event) : null;
      if (!point) return;
      stroke = [point];
      event.stopPropagation();
      try { element.setPointerCapture(event.pointerId); } catch { /* it is gone already */ }
    }, true);
    element.addEventListener("pointermove", (event) => {
      if (!stroke) return;
      add(place(event, { clamp: true }));
      requestAnimationFrame(paint);
    }, true);
    element.addEventListener("pointerup", () => {
      if (!stroke) return;
      points = merged(points, stroke);
      const drew = stroke.length > 1;
      stroke = null;
      paint();
      if (drew) done(text(points));
    }, true);
    element.addEventListener("pointercancel", () => { stroke = null; paint(); }, true);
    // Plotly would zoom by the same drag.
    let began = null, sideways = false;
    for (const kind of ["mousedown", "touchstart"]) {
      element.addEventListener(kind, (event) => {
        began = event.touches ? event.touches[0] : event;
        sideways = false;
        if (place(began)) event.stopPropagation();
      }, { capture: true, passive: true });
    }
    // A finger that sets out sideways draws; else the page is scrolled, and the stroke canceled.
    element.addEventListener("touchmove", (event) => {
      const { clientX, clientY } = event.touches[0];
      sideways ||= Math.abs(clientX - began.clientX) > Math.abs(clientY - began.clientY);
      if (stroke && sideways) event.preventDefault();
    }, { capture: true, passive: false });

    async function draw() {
      value = props.value;
      const gd = box();
      if (!gd || !value) return;
      const wanted = value;
      const Plotly = await plotly(path);
      if (value !== wanted) return; // another came meanwhile
      const { name, ...line } = DRAWN;
      const drawn = { x: [], y: [], name, line, mode: "lines", hoverinfo: "skip", showlegend: false };
      await Plotly.react(gd, [...lines(value), drawn], layout(value),
        { displayModeBar: false, responsive: true });
      gd.setAttribute("role", "img");
      gd.setAttribute("aria-label", "F0 and energy of source, reference and result. " +
        "Drag over F0 to draw it anew, or type points under The drawing as numbers.");
      show(document.querySelector("#drawn textarea")?.value ?? text(points));
    }
    draw();
    watch("value", draw);
  }

  return { contours, plotly, drawing: (written) => show(written) };
})());
