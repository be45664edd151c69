/* The maps of a visitor's own clips: how far each is, and what can be done with it. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { make, goTo } = window.emostudio;

  function row({ key, name, state, share, message }, open, forget) {
    const button = (text, does) => {
      const node = make("button", { type: "button" }, text);
      node.setAttribute("aria-label", `${text}: ${name}`);
      node.addEventListener("click", () => does(key));
      return node;
    };
    const buttons = [button(state === "running" ? "Stop" : "Delete", forget)];
    // The map is far above.
    const show = (id) => { goTo(document.querySelector(".walk")); open(id); };
    if (state === "done") buttons.unshift(button("Open", show));
    const parts = [make("strong", {}, name), make("p", { className: "note" }, message)];
    if (state === "running") {
      parts.push(make("progress", { max: 1, value: share, "aria-label": `${name}: how far` }));
    }
    return make("li", { className: state }, ...parts,
      make("div", { className: "links" }, ...buttons));
  }

  function own(element, props, watch, open, forget) {
    const root = make("ul", { className: "own", "aria-live": "polite" });
    function draw() {
      if (!element.contains(root)) element.append(root);
      const rows = Array.isArray(props.value) ? props.value : [];
      const focused = root.contains(document.activeElement)
        && document.activeElement.getAttribute("aria-label");
      root.replaceChildren(...rows.map((each) => row(each, open, forget)));
      if (!focused) return;
      [...root.querySelectorAll("button")]
        .find((node) => node.getAttribute("aria-label") === focused)?.focus();
    }
    draw();
    watch("value", draw);
  }

  return { own };
})());
