// Making elements. Text only ever gets in as text: nothing on this page is parsed as HTML.

import { parse, parseLine, WORDS } from "./markdown.js";

export const byId = (id) => document.getElementById(id);

/** Make an element: `make("p.dim", { title: "…" }, "text", child)`; `on…` functions become listeners. */
export function make(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  if (tag === "button") node.type = "button"; // those that send a form say so
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
}

/** A text in parts: addresses as links, names as `renderMention(name)` has them, `#12` as a link to it where `room` has it. */
export const renderWords = (text, renderMention, room) => renderPieces(parseLine(text, WORDS), renderMention, room);

/** As `renderWords`, with what its marks make of it. */
export function renderText(text, renderMention, room) {
  const render = (pieces) => renderPieces(pieces, renderMention, room);
  const renderLines = (lines) => lines.flatMap((line, index) => [...(index ? ["\n"] : []), ...render(line)]);
  return parse(text).flatMap(([kind, lines]) => {
    if (kind === "code") return make("pre", {}, lines.join("\n"));
    if (kind === "list") return make("ul", {}, ...lines.map(([mark, line]) => make("li", {}, `${mark.replace("-", "•")} `, ...render(line))));
    return kind === "quote" ? make("blockquote", {}, ...renderLines(lines)) : renderLines(lines);
  });
}

function renderPieces(pieces, renderMention, room) {
  return pieces.map(([kind, text, style, href]) => {
    const isSeq = kind === "seq" && text.slice(1) > 0 && text.slice(1) <= room?.feed.last;
    const node = href ? renderLink(text, href) : kind === "mention" ? renderMention(text) : kind === "code" ? make("code", {}, text) : isSeq ? renderSeq(text, room.code) : text;
    return [...style].reduce((inner, tag) => make(tag, {}, inner), node);
  });
}

/** `#12`, which leads to the entry. */
const renderSeq = (text, code) => make("a.seq", { href: `#${code}/${text.slice(1)}` }, text);

/** A link; behind one that has a text of its own stands where it leads. */
function renderLink(text, href) {
  const link = make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
  const { host, pathname } = URL.canParse(href) ? new URL(href) : { host: href };
  return text === href ? link : make("span", {}, link, make("small.dim", {}, ` (${host || pathname})`));
}

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
