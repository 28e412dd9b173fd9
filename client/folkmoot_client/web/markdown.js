// The marks in a text, as docs/protocol.md has them: bold, italic, code, quotes, lists and links. Knows no page.
// The terminal reads them by the same grammar (folkmoot_protocol/marks.py), and tests/data/markdown.json says so to both.

// Addresses; names as the server finds them, in any case and without the dot that ends a sentence; `#12`.
export const WORDS =
  /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]*\x60，。；：！？）])|((?<![a-z0-9_.@＠-])[@＠][a-z0-9](?:[a-z0-9_.-]{0,30}[a-z0-9])?)|(?<![\w&#/])#(\d{1,12})(?![\w-])/gi;
const WORD = /[a-z0-9]/i;
const MARKS =
  /\\([*\x60[>-])|(?<!\x60)(\x60{1,3})(?!\x60)([^\x60]+)\2(?!\x60)|\[([^[\]]+)\]\(((?:https?:\/\/|mailto:)[^\s()<>]+)\)|(\*+)/;
const INLINE = new RegExp(`${MARKS.source}|${WORDS.source}`, "gi");
const SHORTEST_NAME = 4; // with its @
const STYLES = ["", "i", "b", "bi"]; // by how many stars there are
const LENGTHS = { i: 1, b: 2 };
const FENCE = /^\x60{3}[\w+-]*\s*$/;
const ITEM = /^( {0,6}(?:-|\d{1,3}\.)|>) +([^]*)$/;

/**
 * A line in pieces `[kind, text, style, href?]`: kinds `text code link mention seq`, styles of `b` and `i`. With `WORDS`
 * for a pattern only addresses, names and numbers are found.
 */
export function parseLine(line, pattern = INLINE) {
  const pieces = [];
  const open = {};
  let end = 0;
  const add = (kind, text, href) => text && pieces.push([kind, text, "", ...(href ? [href] : [])]);
  for (const match of line.matchAll(pattern)) {
    const [whole] = match;
    const [url, name, seq] = match.slice(-3);
    const [escaped, , code, label, href, stars] = pattern === INLINE ? match.slice(1) : [];
    add("text", line.slice(end, match.index));
    end = match.index + whole.length;
    if (stars) star(stars, line[match.index - 1] ?? " ", line[end] ?? " ", pieces, open);
    else if (code) add("code", code);
    else if (href ?? url) add("link", label ?? url, href ?? url);
    else if (name?.length >= SHORTEST_NAME) add("mention", name);
    else add(seq ? "seq" : "text", escaped ?? whole);
  }
  add("text", line.slice(end));
  return join(pieces);
}

/** Stars begin or end what they are around; those that do neither, or are not ended, stay. `open`: style -> its piece. */
function star(stars, before, after, pieces, open) {
  const styles = [...(STYLES[stars.length] ?? "")];
  const isWord = (sign) => WORD.test(sign);
  const mayEnd = before.trim() && !isWord(after) && styles.length && styles.every((style) => style in open);
  if (!mayEnd) {
    if (after.trim() && !isWord(before) && !styles.some((style) => style in open)) for (const style of styles) open[style] = pieces.length;
    return pieces.push(["text", stars, ""]);
  }
  for (const style of styles) {
    const at = open[style];
    delete open[style];
    pieces[at][1] = pieces[at][1].slice(LENGTHS[style]);
    for (const piece of pieces.slice(at + 1)) piece[2] = [...piece[2], style].sort().join("");
  }
}

/** Texts of one style as one piece. */
function join(pieces) {
  const joined = [];
  for (const piece of pieces.filter(([, text]) => text)) {
    const last = joined.at(-1);
    if (last?.[0] === "text" && piece[0] === "text" && last[2] === piece[2]) last[1] += piece[1];
    else joined.push(piece);
  }
  return joined;
}

/** A text in blocks `[kind, lines]`: of `p` and `quote` lines of pieces, of `list` `[mark, pieces]`, of `code` texts. */
export function parse(text) {
  const blocks = [];
  let fence;
  const put = (kind, line) => (blocks.at(-1)?.[0] === kind ? blocks.at(-1)[1].push(line) : blocks.push([kind, [line]]));
  for (const line of text.split("\n")) {
    const [, mark, rest] = ITEM.exec(line) ?? [];
    if (fence) fence = line.trim() === "\x60\x60\x60" ? undefined : (fence.push(line), fence);
    else if (FENCE.test(line)) blocks.push(["code", (fence = [])]);
    else if (mark === ">") put("quote", parseLine(rest));
    else if (mark) put("list", [mark, parseLine(rest)]);
    else put("p", parseLine(line));
  }
  return blocks;
}

const plain = (pieces) => pieces.map(([, text]) => text).join("");

/** What a text says without its marks, in one line. */
export const sayPlainly = (text) =>
  parse(text).flatMap(([kind, lines]) => lines.map((line) => (kind === "code" ? line : kind === "list" ? plain(line[1]) : plain(line)))).join(" ");
