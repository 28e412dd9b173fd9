// Making elements. Text only ever gets in as text: nothing on this page is parsed as HTML.

export const byId = (id) => document.getElementById(id);

/** Make an element: `make("p.dim", { title: "…" }, "text", child)`; `on…` functions become listeners. */
export function make(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const node = document.createElement(tag);
  node.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
}

/** A group's code as people read it: 4821-9067-3352. */
export const showCode = (code) => code.replace(/(\d{4})(\d{4})(\d{4})/, "$1-$2-$3");

/** One of eight colours, always the same for the same name. */
export function hueOf(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return `hue-${sum % 8}`;
}

/** A round sign with a name's first character. */
export function makeAvatar(user, displayName) {
  const first = [...(displayName || user)][0].toUpperCase();
  return make(`span.avatar.${hueOf(user)}`, { "aria-hidden": "true" }, first);
}
