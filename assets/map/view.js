/* The map in a component of Gradio: its tools, dots, legend and list below each other. */
Object.assign(window.emostudio.atlas, (() => {
  "use strict";
  const { make, atlas } = window.emostudio;

  /* `tell` hears of what is picked or selected. */
  function view(element, props, watch, tell, path) {
    const told = atlas.picks(tell);
    const part = (className) => make("div", { className });
    const bar = part("toolbar"), plot = part("plot"), keys = part("legend"), rows = part("rows");
    const line = make("p", { className: "note told", role: "status" });
    const list = make("details", { className: "listed" },
      make("summary", {}, "Dots as a list"), rows);
    const root = make("div", { className: "atlas" }, bar, plot, line, keys, list);
    plot.setAttribute("role", "img");
    const set = () => {
      if (!element.contains(root)) element.append(root);
      root.hidden = !props.value;
      if (props.value) atlas.set(props.value);
      plot.setAttribute("aria-label", props.value
        ? `${props.value.title}: ${props.value.x.length} dots. They are listed below.` : "No map");
    };
    element.append(root);
    const drawing = atlas.dotted(plot, path, (numbers) => told({ selected: numbers }));
    atlas.pointed(plot, told);
    atlas.toolbar(bar, line, drawing, told);
    atlas.legend(keys);
    const open = atlas.listed(rows, told);
    list.addEventListener("toggle", () => open(list.open));
    set();
    watch("value", set);
  }

  return { view };
})());
