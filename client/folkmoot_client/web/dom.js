// Making elements. Text only ever gets in as text: nothing on this page is parsed as HTML.

export const byId = (id) => document.getElementById(id);

/** Make an element: `make("p.dim", { title: "…" }, "text", child)`; `on…` functions become listeners. */
export function make(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
}

// Names as the server finds them: in any case, and without the dot that ends a sentence.
const TOKENS =
  /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]，。；：！？）])|((?<![a-z0-9_.@＠-])[@＠][a-z0-9](?:[a-z0-9_.-]{0,30}[a-z0-9])?)|(?<![\w&#/])#(\d{1,12})(?![\w-])/gi;

/** A text in parts: addresses as links, names as `renderMention(name)` has them, `#12` as a link to it where `room` has it. */
export function renderWords(text, renderMention, room) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [whole, url, name, seq] = match;
    const isText = (name && name.length < 4) || (seq && !(seq > 0 && seq <= room?.feed.last));
    const part = isText ? whole : url ? renderLink(url) : name ? renderMention(name) : renderSeq(seq, room.code);
    parts.push(text.slice(end, match.index), part);
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}

/** `#12`, which leads to the entry. */
const renderSeq = (seq, code) => make("a.seq", { href: `#${code}/${seq}` }, `#${seq}`);

const renderLink = (url) => make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, url);

/** A group's code as people read it: 4821-9067-3350. */
export const showCode = (code) => code.replace(/(\d{4})(\d{4})(\d{4})/, "$1-$2-$3");

/** One of eight colours, always the same for the same name. */
export function hueOf(name) {
  let hash = 0x811c9dc5; // FNV-1a, so that names that differ little get colours that differ
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193) >>> 0;
  return `hue-${(hash >>> 8) % 8}`;
}

/** A round sign with a name's first character. */
export function makeAvatar(user, displayName) {
  const first = [...(displayName || user)][0].toUpperCase();
  return make(`span.avatar.${hueOf(user)}`, { "aria-hidden": "true" }, first);
}
