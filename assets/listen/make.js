/* A node with properties and children; text stays text, whoever wrote it. */
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const button = (text, act, className = "go") =>
  make("button", { type: "button", className, onclick: act }, text);

/* What an author wrote: paragraphs, in the language of the study. */
export const written = (text, lang) =>
  text ? make("p", { className: "written", lang }, text) : null;

/* Show one screen and let a screen reader begin at its heading. */
export function show(...children) {
  const main = document.getElementById("screen");
  main.replaceChildren(...children.flat().filter(Boolean));
  const heading = main.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/* Random letters of Crockford's base 32: crypto.randomUUID is missing where there is no https. */
export function letters(count) {
  const bytes = crypto.getRandomValues(new Uint8Array(count));
  return [...bytes].map((byte) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[byte & 31]).join("");
}
