/* What a page does in the browser: live mixture, counter, list of takes, part by part,
   the way to the result, and a question before takes are lost. */
window.emostudio = (() => {
  "use strict";
  const LONG = 600; // characters
  const percent = (share) => `${Math.round(share * 100)}%`;
  const name = (emotion) => emotion.charAt(0).toUpperCase() + emotion.slice(1);
  const url = (path) => `${(window.gradio_config?.root || "").replace(/\/$/, "")}` +
    `/gradio_api/file=${path.split("/").map(encodeURIComponent).join("/")}`;

  /* A node with properties and children; text stays text. */
  function make(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(properties)) {
      if (key in node) node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  }

  /* Shares after intensity, as EmotionMix.at_intensity computes them; null when all are zero. */
  function shares(names, weights, intensity) {
    const total = weights.reduce((sum, weight) => sum + Math.max(0, weight), 0);
    if (!(total > 0)) return null;
    const mix = weights.map((weight) => (Math.max(0, weight) / total) * intensity);
    const neutral = names.indexOf("neutral");
    if (neutral >= 0) mix[neutral] += 1 - intensity;
    return mix;
  }

  /* What is asked in the end. Speak has sliders, intensity and a recording in their place; Convert
     also says where the emotion is from, and which share the recording has. */
  function mixture(names, seen) {
    const [intensity, recording, origin, share] = seen.slice(names.length);
    if (!origin && recording) {
      return "<p class='note'>The emotion is taken from your recording; the sliders rest.</p>";
    }
    if (origin && origin !== "Sliders" && !recording) {
      return "<p class='note warn'>Add a recording of the emotion: upload or record one.</p>";
    }
    const ofClip = { Recording: 1, Both: Number(share) }[origin] || 0;
    const weights = ofClip === 1 ? names.map((each) => Number(each === "neutral"))
      : seen.slice(0, names.length).map(Number);
    const mix = shares(names, weights, (1 - ofClip) * intensity);
    if (!mix) return "<p class='note warn'>All sliders are at zero: raise at least one.</p>";
    const all = [...names];
    if (ofClip > 0) {
      const neutral = names.indexOf("neutral");
      if (neutral >= 0) mix[neutral] -= ofClip * intensity;
      all.push("reference");
      mix.push(ofClip * intensity);
    }
    const rows = all.map((emotion, at) => {
      const share = mix[at] > 1e-9 ? mix[at] : 0;
      const label = emotion === "reference" ? "Recorded" : name(emotion);
      return `<div role="listitem" class="is-${emotion}${share > 0 ? "" : " none"}">` +
        `<span>${label}</span><i aria-hidden="true"><b style="width:${share * 100}%"></b></i>` +
        `<span class="share">${percent(share)}</span></div>`;
    });
    return `<p class="note">Effective mixture</p><div role="list" class="mixture"` +
      ` aria-label="Effective mixture after intensity">${rows.join("")}</div>`;
  }

  /* Characters as Python counts them: an emoji is one. */
  function count(text, limit) {
    keep(text || "");
    const length = [...(text || "")].length;
    const over = length > limit;
    let hint = length > LONG ? " · each sentence is heard as soon as it is ready" : "";
    if (over) hint = ` · ${length - limit} too many: shorten it or speak it in parts`;
    return `<p class="count${over ? " over" : ""}">${length} of ${limit} characters${hint}</p>`;
  }

  /* The text survives a reload, in this tab alone. */
  let loaded = false;
  const store = () => { try { return window.sessionStorage; } catch { return null; } };
  function keep(text) {
    if (loaded) try { store()?.setItem("emostudio-text", text); } catch { /* full or forbidden */ }
  }
  function kept() {
    loaded = true;
    const typed = document.querySelector("#text textarea")?.value;
    return typed || store()?.getItem("emostudio-text") || "";
  }

  function goTo(node) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    node?.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
  }

  /* On a phone the result lies far below the form: go there. */
  function goToResult() {
    const form = document.querySelector(".desk"), result = document.querySelector(".outcome");
    if (!form || !result) return;
    if (result.getBoundingClientRect().top < form.getBoundingClientRect().bottom - 1) return;
    goTo(result);
  }

  /* The line above the player. */
  function status(element, props, watch) {
    let timer = 0;
    watch("value", () => {
      const text = props.value || "";
      const show = () => { element.querySelector(".drawn").textContent = text; };
      clearTimeout(timer);
      if (!text) { show(); return; }
      goToResult();
      // Most takes have their turn at once; then there is no wait to speak of.
      timer = setTimeout(show, element.querySelector(".drawn").textContent ? 0 : 400);
    });
  }

  /* Gradio's plain player has a label beside it, but no name of its own. */
  document.addEventListener("loadedmetadata", ({ target }) => {
    const label = target.closest?.(".block")?.querySelector("label")?.innerText.trim();
    if (label && !target.hasAttribute("aria-label")) target.setAttribute("aria-label", label);
  }, true);

  /* Leaving asks first, but only while there is work or a take that was not downloaded. */
  let listed = [];
  const saved = new Set();
  const file = (address) => decodeURIComponent((address || "").split("/").pop());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#takes a[download], #get-wav");
    if (!link) return;
    saved.add(file(link.id === "get-wav"
      ? document.querySelector("#player audio")?.src : link.getAttribute("href")));
  }, true);
  window.addEventListener("beforeunload", (event) => {
    const working = [...document.querySelectorAll(".stops")].some((node) => node.offsetParent);
    if (working || listed.some((entry) => !saved.has(file(entry.wav)))) event.preventDefault();
  });

  /* The takes of this visit. `pick(id)` loads one again. */
  function takes(element, props, watch, pick) {
    const draw = () => {
      const box = element.querySelector(".drawn");
      if (!box) return;
      const entries = Array.isArray(props.value) ? props.value : [];
      listed = entries;
      if (!entries.length) {
        box.replaceChildren(make("p", { className: "note" }, "None yet."));
        return;
      }
      const items = entries.map((entry, at) => {
        const number = entries.length - at;
        const facts = `${entry.voice} · ${entry.mixture} · ${entry.system} · seed ${entry.seed}`;
        const again = make("button", { type: "button", className: "pick" }, "Load again");
        again.setAttribute("aria-label", `Load take ${number} again`);
        again.addEventListener("click", () => { goToResult(); pick(entry.id); });
        const link = (label, path) => make("a", { href: url(path),
          download: path.split("/").pop(), "aria-label": `${label} of take ${number}` }, label);
        return make("li", {},
          make("p", { className: "said" }, entry.title),
          make("p", { className: "note" }, facts),
          make("audio", { controls: true, preload: "none", src: url(entry.wav),
            "aria-label": `Take ${number}: ${entry.title.slice(0, 80)}` }),
          make("div", { className: "links" },
            make("span", { className: "note" }, `${entry.duration_s.toFixed(1)} s`),
            link("WAV", entry.wav), link("Passport", entry.passport), again));
      });
      box.replaceChildren(make("ol", { reversed: true }, ...items));
    };
    draw();
    watch("value", draw);
  }

  /* What is long: plays part after part while the next ones are made. */
  function sentences(element, props, watch) {
    const sound = new Audio();
    let run = null, next = 0, playing = false;
    const list = () => (props.value && props.value.parts) || [];
    const step = () => {
      if (playing || next >= list().length) { draw(); return; }
      playing = true;
      sound.src = url(list()[next].path);
      next += 1;
      draw();
      sound.play().catch(() => { playing = false; draw(); });
    };
    sound.addEventListener("ended", () => { playing = false; step(); });
    function draw() {
      const box = element.querySelector(".drawn");
      if (!box) return;
      const finished = props.value && props.value.done && !playing && next >= list().length;
      if (!list().length || finished) { box.replaceChildren(); return; }
      const items = list().map((each, at) => make("li",
        { className: at === next - 1 && playing ? "now" : "" }, each.text));
      if (!props.value.done) items.push(make("li", { className: "coming" }, "…"));
      const quiet = make("button", { type: "button" }, "Stop playing");
      quiet.addEventListener("click", () => {
        sound.pause(); playing = false; next = Infinity; draw();
      });
      box.replaceChildren(make("section", { className: "queue" },
        make("header", {}, make("strong", {}, props.value.title), quiet),
        make("ol", {}, ...items)));
    }
    watch("value", () => {
      const now = props.value ? props.value.run : null;
      if (now !== run) { sound.pause(); run = now; next = 0; playing = false; }
      step();
    });
  }

  /* Ctrl+Enter (Cmd+Enter) starts, wherever the focus is. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    const focus = document.activeElement;
    if (focus && focus.type === "number") { focus.blur(); focus.focus(); }
    const button = document.querySelector(".action .starts");
    if (button && !button.disabled) setTimeout(() => button.click(), 60);
  }, true);

  return { make, url, goTo, mixture, count, kept, status, takes, sentences };
})();
