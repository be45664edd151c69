/* What was picked: a dot, a place, a path or a clip; its sound, labels, probabilities, neighbors.
   All text becomes text nodes. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { make, atlas } = window.emostudio;
  const percent = (share) => `${Math.round(share * 100)} %`;
  const name = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function facts(pairs) {
    return make("dl", { className: "facts" }, ...pairs.map(([what, value]) =>
      make("div", {}, make("dt", {}, what), make("dd", {}, value))));
  }

  function heard(probs) {
    const rows = Object.entries(probs).map(([emotion, share]) => {
      const bar = make("b", {});
      bar.style.width = percent(share).replace(" ", "");
      const track = make("i", {}, bar);
      track.setAttribute("aria-hidden", "true");
      return make("div", { className: `is-${emotion}`, role: "listitem" },
        make("span", {}, name(emotion)), track, make("span", { className: "share" }, percent(share)));
    });
    const list = make("div", { className: "mixture", role: "list" }, ...rows);
    list.setAttribute("aria-label", "What our own recognizer hears");
    return list;
  }

  function near(neighbors, pick) {
    return make("ol", { className: "near" }, ...neighbors.map((each) => {
      const show = make("button", { type: "button" }, each.label);
      show.setAttribute("aria-label", `Show neighbor ${each.id + 1}: ${each.label}`);
      show.addEventListener("click", () => pick({ id: each.id }));
      return make("li", {}, show, make("span", { className: "share" }, each.apart));
    }));
  }

  function drawn(value, pick) {
    const parts = [make("h2", {}, value.title)];
    for (const told of [value.said, value.landed].filter(Boolean)) {
      parts.push(make("p", { className: "note" }, told));
    }
    if (value.sound) {
      parts.push(make("audio", { controls: true, src: window.emostudio.url(value.sound),
        "aria-label": value.title }));
    }
    if (value.facts?.length) parts.push(facts(value.facts));
    if (value.probs && Object.keys(value.probs).length) {
      parts.push(make("h3", {}, "What our own recognizer hears"), heard(value.probs));
    }
    if (value.near?.length) {
      parts.push(make("h3", {}, value.near_title), near(value.near, pick));
    }
    return parts;
  }

  /* `tell({id})` asks for another dot. */
  function details(element, props, watch, tell) {
    const pick = atlas.picks(tell);
    const root = make("section", { className: "picked" });
    root.setAttribute("aria-live", "polite");
    let last = "";
    function draw() {
      if (!element.contains(root)) element.append(root);
      const value = props.value || null;
      root.replaceChildren(...(value ? drawn(value, pick)
        : [make("p", { className: "note" }, "Nothing is picked yet.")]));
      atlas.mark(value?.marks);
      if (value && value.run !== last && value.sound) {
        root.querySelector("audio").play().catch(() => { /* it has controls */ });
      }
      last = value?.run;
    }
    draw();
    watch("value", draw);
  }

  return { details };
})());
