// The log of one group: entries, notices, one's pending posts and the answers to one's commands.

import { byId, make, makeAvatar, renderWords } from "./dom.js";
import { removedBy } from "./feed.js";
import { sayDay, sayMoment, sayNotice, sayTag, sayTime, t } from "./texts.js";

const SAME_BREATH_MS = 5 * 60_000;
const NEAR_BOTTOM_PX = 80;
const NEAR_TOP_PX = 120;
const MOST_SHOWN = 1200;
const KEPT = 600;
const QUOTE_CHARACTERS = 120;
const TELLS = new Set(["notice", "redaction"]);
const ABOUT_OTHERS = new Set(["edit", "reaction"]);

export class Log {
  /** `onReply(entry)` when the reader wants to answer one; `onRead()` when the newest line is in sight. */
  constructor(chat, { onReply, onRead }) {
    Object.assign(this, { chat, onReply, onRead });
    this.pane = byId("log");
    this.list = byId("entries");
    this.tail = byId("tail");
    this.pane.addEventListener("scroll", () => this.scrolled());
    byId("newest").addEventListener("click", () => this.toBottom());
  }

  get isAtBottom() {
    return this.pane.scrollHeight - this.pane.scrollTop - this.pane.clientHeight < NEAR_BOTTOM_PX;
  }

  /** Show a room from its newest line on. */
  async show(room) {
    this.room = room;
    this.redraw();
    this.toBottom();
    if (room.feed.entries.length < 40) await this.loadOlder();
    if (this.room === room) this.toBottom();
  }

  redraw() {
    const { feed } = this.room;
    this.last = undefined;
    this.pane.setAttribute("aria-busy", "true");
    this.list.replaceChildren(...feed.entries.flatMap((entry) => this.render(entry)));
    this.drawHead();
    this.drawTail();
    this.pane.removeAttribute("aria-busy");
  }

  /** Add new lines; the reader who looks at the newest keeps doing so. */
  add(entries) {
    const wasAtBottom = this.isAtBottom;
    this.list.append(...entries.flatMap((entry) => this.render(entry)));
    for (const entry of entries) {
      removedBy(entry).forEach((seq) => this.redact(seq));
      if (ABOUT_OTHERS.has(entry.kind)) this.renew(entry.target);
      if (entry.kind === "edit") this.renewQuotes(entry.target);
    }
    if (wasAtBottom && this.room.feed.entries.length > MOST_SHOWN) this.forgetOld();
    this.drawTail();
    if (wasAtBottom) this.toBottom();
    else byId("newest").hidden = false;
  }

  forgetOld() {
    this.room.feed.trim(KEPT);
    this.room.isComplete = false;
    this.redraw();
  }

  async loadOlder() {
    const room = this.room;
    const fromBottom = this.pane.scrollHeight - this.pane.scrollTop;
    this.drawHead(t("loading"));
    await this.chat.loadOlder(room);
    if (room !== this.room) return;
    this.redraw();
    this.pane.scrollTop = this.pane.scrollHeight - fromBottom;
  }

  scrolled() {
    if (this.isAtBottom) this.read();
    if (this.pane.scrollTop < NEAR_TOP_PX && this.room?.feed.entries.length && !this.room.isComplete) {
      this.loadOlder().catch(() => this.drawHead());
    }
  }

  read() {
    byId("newest").hidden = true;
    if (document.visibilityState === "visible") this.onRead();
  }

  toBottom() {
    this.pane.scrollTop = this.pane.scrollHeight;
    this.read();
  }

  drawHead(text = this.room.isComplete ? t("start_of_log") : "") {
    byId("head").textContent = text;
  }

  /** What only this reader sees: answers to commands, and posts that are on their way. */
  drawTail() {
    const { notes, pending, feed } = this.room;
    const fresh = notes.filter((note) => note.after >= feed.last - 3);
    this.tail.replaceChildren(...fresh.map(renderNote), ...pending.map(renderPending));
  }

  render(entry) {
    if (ABOUT_OTHERS.has(entry.kind)) return [];
    const before = this.last;
    this.last = entry;
    const lines = [];
    if (!before || new Date(before.ts).toDateString() !== new Date(entry.ts).toDateString()) {
      lines.push(make("div.day", { role: "separator" }, make("span", {}, sayDay(entry.ts))));
    }
    lines.push(TELLS.has(entry.kind) ? renderNotice(entry) : this.renderPost(entry, !lines.length && before));
    return lines;
  }

  renderPost(entry, before) {
    const { from } = entry;
    const isFollowing = before && follows(before, entry);
    const kind = isFollowing ? "following" : "leading";
    const post = make(`article.entry.${kind}.${entry.kind}`, { "data-seq": entry.seq });
    if (from.user === this.chat.account?.user) post.classList.add("own");
    if (!isFollowing) post.append(makeAvatar(from.user, from.display_name), renderAuthor(entry));
    if (entry.reply_to) post.append(this.renderQuote(entry.reply_to));
    post.append(this.renderBody(entry));
    if (!entry.redacted) post.append(this.renderReplyButton(entry));
    return post;
  }

  renderBody(entry) {
    if (entry.redacted) return make("p.body.gone", {}, t("deleted"));
    if (this.chat.account?.ignored?.includes(entry.from.user)) return make("p.body.gone", {}, t("ignored"));
    const body = make("p.body", { title: sayMoment(entry.ts) });
    if (entry.kind === "announcement") body.append(make("strong.label", {}, t("announcement")), " ");
    if (entry.kind === "action") body.append(`* ${nameOf(entry.from)} `);
    const { body: text, isEdited } = this.room.feed.textOf(entry);
    body.append(...renderWords(text, (name) => this.renderMention(name)));
    if (isEdited) body.append(" ", make("small.edited", {}, t("edited")));
    for (const [emoji, users] of this.room.feed.reactionsTo(entry.seq)) {
      body.append(" ", make("span.reaction", { title: [...users].join(" ") }, `${emoji} ${users.size}`));
    }
    return body;
  }

  renderMention(name) {
    const isMine = name.slice(1) === this.chat.account?.user;
    return make(isMine ? "span.mention.me" : "span.mention", {}, name);
  }

  renderQuote(seq) {
    const quoted = this.room.feed.original(seq);
    if (!quoted) return make("p.quote", { "data-of": seq }, t("reply_gone"));
    const text = quoted.redacted ? t("deleted") : [...this.room.feed.textOf(quoted).body].slice(0, QUOTE_CHARACTERS).join("");
    return make("p.quote", { "data-of": quoted.seq }, make("b", {}, nameOf(quoted.from)), " ", text);
  }

  renderReplyButton(entry) {
    const label = t("reply_to", { name: nameOf(entry.from) });
    const reply = { type: "button", "aria-label": label, title: t("reply"), onclick: () => this.onReply(entry) };
    return make("button.reply", reply, "↩");
  }

  /** Draw an entry's text again: it was edited, or somebody reacted. */
  renew(seq) {
    const entry = this.room.feed.at(seq);
    const body = this.list.querySelector(`article[data-seq="${seq}"] .body`);
    if (entry && body) body.replaceWith(this.renderBody(entry));
  }

  /** Draw the quotes of an entry again: they say what it says now. */
  renewQuotes(seq) {
    for (const quote of this.list.querySelectorAll(`.quote[data-of="${seq}"]`)) quote.replaceWith(this.renderQuote(seq));
  }

  /** An entry is gone: from its own line, from quotes of it, and, if it was a reaction, from what it was put to. */
  redact(seq) {
    const { target, kind } = this.room.feed.at(seq) ?? {};
    if (ABOUT_OTHERS.has(kind)) this.renew(target);
    this.renewQuotes(seq);
    const post = this.list.querySelector(`article[data-seq="${seq}"]`);
    post?.querySelector(".body").replaceWith(make("p.body.gone", {}, t("deleted")));
    post?.querySelector(".reply")?.remove();
    const notice = this.list.querySelector(`.notice[data-seq="${seq}"] span`);
    if (notice) notice.textContent = t("deleted");
  }
}

const nameOf = (from) => from.display_name || from.user;

function follows(before, entry) {
  const isSame = before.from.user === entry.from.user && before.from.role === entry.from.role;
  return isSame && !TELLS.has(before.kind) && !entry.reply_to && entry.ts - before.ts < SAME_BREATH_MS;
}

function renderAuthor({ from, ts }) {
  const time = make("time", { datetime: new Date(ts).toISOString(), title: sayMoment(ts) }, sayTime(ts));
  // The spaces are for those who copy or listen.
  const tags = renderTags(from).flatMap((tag) => [tag, " "]);
  return make("header", {}, make("b.name", { title: `@${from.user}` }, nameOf(from)), " ", ...tags, time);
}

/** A member's or an author's role and tags; that somebody is a plain member goes without saying. */
export function renderTags({ role, tags = [] }) {
  const shown = role === "member" ? [] : [make(`span.tag.${role}`, {}, sayTag("role", role))];
  const words = tags.map((word) => make(`span.tag.${word === "creator" ? "creator" : "free"}`, {}, sayTag("tag", word)));
  return [...shown, ...words];
}

function renderNotice(entry) {
  const time = make("time", { datetime: new Date(entry.ts).toISOString() }, sayTime(entry.ts));
  return make("div.notice", { "data-seq": entry.seq }, make("span", {}, entry.redacted ? t("deleted") : sayNotice(entry)), time);
}

function renderNote({ line, text }) {
  const head = make("header", {}, make("code", {}, line), make("small", {}, t("only_you")));
  return make("section.note", { role: "status" }, head, make("pre", {}, text));
}

const renderPending = ({ body }) => make("p.pending", {}, body, " ", make("small", {}, t("sending")));
