// The log of one group: entries, notices, one's pending posts and the answers to one's commands.

import { showMedia } from "./attach.js";
import { byId, make, makeAvatar, renderText, renderWords, showCode } from "./dom.js";
import { removedBy } from "./feed.js";
import { sayPlainly } from "./markdown.js";
import { sayDay, sayError, sayMoment, sayNotice, sayTag, sayTime, sayValue, t } from "./texts.js";

const SAME_BREATH_MS = 5 * 60_000;
const NEAR_BOTTOM_PX = 80;
const NEAR_TOP_PX = 120;
const MOST_SHOWN = 1200;
const KEPT = 600;
const QUOTE_CHARACTERS = 120;
const FAR = 1000; // further back than this an entry is not fetched into the log
const LONGEST_PAGE = 200;
const HOLD_MS = 500;
const TELLS = new Set(["notice", "redaction"]);
const ABOUT_OTHERS = new Set(["edit", "reaction"]);
const FOLDED = /^(joined|left)$/; // events that are counted where there are three and more in a row

export class Log {
  /**
   * `onReply(entry)` when the reader wants to answer one, `onMenu(entry, place)` when they want to do something with
   * it, `onReact(entry, emoji)`, `onUser(user)` when they choose who wrote it; `onRead()` when the newest line is in sight.
   */
  constructor(chat, { onReply, onMenu, onUser, onReact, onRead }) {
    Object.assign(this, { chat, onReply, onMenu, onUser, onReact, onRead });
    this.pane = byId("log");
    this.list = byId("entries");
    this.tail = byId("tail");
    this.pane.addEventListener("scroll", () => this.scrolled());
    // Pictures come after their lines: who looked at the newest goes on doing so.
    this.list.addEventListener("load", () => this.stays && this.toBottom(), true);
    byId("newest").addEventListener("click", () => this.toBottom());
    this.tools = this.makeTools();
    this.listen();
  }

  /** One line of tools, at whichever entry the pointer or the focus is. */
  makeTools() {
    const reply = { type: "button", tabindex: -1, onclick: () => this.onReply(this.entryOf(this.tools)) };
    const menu = { type: "button", tabindex: -1, "aria-haspopup": "menu", onclick: ({ currentTarget }) => this.openMenu(currentTarget) };
    return make("div.tools", {}, make("a.seq", { tabindex: -1 }), make("button.reply", reply, "↩"), make("button.more", menu, "⋯"));
  }

  listen() {
    const { list } = this;
    for (const kind of ["pointerover", "focusin"]) list.addEventListener(kind, ({ target }) => this.equip(target));
    list.addEventListener("click", ({ target }) => this.clicked(target));
    list.addEventListener("keydown", (event) => this.pressed(event));
    list.addEventListener("contextmenu", (event) => {
      if (event.shiftKey || event.target.closest("a") || !getSelection().isCollapsed || !this.entryOf(event.target)) return;
      event.preventDefault();
      this.openMenu(event.target, event.clientX || undefined, event.clientY);
    });
    // Held on a screen that is touched; where the browser says so itself there is a menu already.
    list.addEventListener("pointerdown", (event) => {
      this.isHeld = false;
      const hold = () => {
        this.isHeld = true;
        this.openMenu(event.target, event.clientX, event.clientY);
      };
      if (event.pointerType === "touch") this.hold = setTimeout(hold, HOLD_MS);
    });
    for (const kind of ["pointerup", "pointercancel", "pointermove", "contextmenu"]) list.addEventListener(kind, () => clearTimeout(this.hold));
  }

  entryOf(node) {
    return this.room.feed.at(Number(node.closest("[data-seq]")?.dataset.seq));
  }

  equip(target) {
    const line = target.closest("[data-seq]");
    if (!line || line === this.tools.parentNode) return;
    const entry = this.entryOf(line);
    const [seq, reply, more] = this.tools.children;
    seq.href = `#${this.room.code}/${entry.seq}`;
    seq.textContent = `#${entry.seq}`;
    reply.title = t("reply");
    reply.setAttribute("aria-label", t("reply_to", { name: nameOf(entry.from) }));
    reply.hidden = entry.redacted || TELLS.has(entry.kind);
    more.title = t("more");
    more.setAttribute("aria-label", t("more"));
    line.append(this.tools);
  }

  clicked(target) {
    if (this.isHeld) return; // the end of that touch
    const { user, of, reaction } = target.closest("[data-user], [data-of], [data-reaction]")?.dataset ?? {};
    if (user) this.onUser(user);
    else if (of) this.jump(Number(of));
    else if (reaction) this.onReact(this.entryOf(target), reaction);
  }

  openMenu(target, x, y) {
    const entry = this.entryOf(target);
    const { left, bottom } = target.getBoundingClientRect();
    if (entry) this.onMenu(entry, { x: x ?? left, y: y ?? bottom });
  }

  /** One stop in the log for the tabulator; arrows go on from it, and Enter opens what can be done. */
  pressed(event) {
    const { target } = event;
    if (!target.matches("[data-seq]")) return;
    const lines = [...this.list.querySelectorAll("[data-seq]")].filter((line) => line.checkVisibility());
    const at = lines.indexOf(target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: lines.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") this.openMenu(target);
    else if (to === undefined) return;
    event.preventDefault();
    if (lines[to]) this.stopAt(lines[to]).focus();
  }

  /** Let the tabulator stop at a line, and at no other. */
  stopAt(line) {
    this.stop?.setAttribute("tabindex", "-1");
    this.stop = line;
    line?.setAttribute("tabindex", "0");
    return line;
  }

  get lastLine() {
    return this.list.querySelector(":scope > [data-seq]:last-child");
  }

  /** Put those who came, or went, in a row behind a line that counts them. */
  fold() {
    for (const notice of this.list.querySelectorAll(":scope > .notice[data-fold]")) {
      const { fold } = notice.dataset;
      let before = notice.previousElementSibling;
      const first = before?.previousElementSibling;
      if (before?.matches("div") && before.dataset.fold === fold && first?.dataset.fold === fold) {
        before = make("details", { "data-fold": fold }, make("summary.notice"), first, before);
        notice.before(before);
      }
      if (before?.dataset.fold !== fold || !before.matches("details")) continue;
      before.append(notice);
      before.firstChild.textContent = t(`fold_${fold}`, { count: before.childElementCount - 1 });
    }
  }

  /** Bring an entry into sight, with what lies between if need be; return whether it is there. */
  async jump(wanted) {
    const { room } = this;
    const isNear = room.feed.last - wanted < FAR;
    while (isNear && wanted < room.feed.first && !room.isComplete) {
      const added = await this.chat.loadOlder(room, LONGEST_PAGE);
      if (!added.length) break;
    }
    if (room !== this.room) return true;
    const found = room.feed.at(wanted);
    const seq = ABOUT_OTHERS.has(found?.kind) ? found.target : wanted;
    if (found && !this.lineOf(seq)) this.redraw();
    const line = this.lineOf(seq);
    if (!line) return false;
    line.closest("details")?.toggleAttribute("open", true);
    line.scrollIntoView({ block: "center" });
    this.stopAt(line).focus({ preventScroll: true });
    line.classList.remove("found");
    requestAnimationFrame(() => line.classList.add("found"));
    return true;
  }

  lineOf(seq) {
    return this.list.querySelector(`[data-seq="${seq}"]`);
  }

  get isAtBottom() {
    return this.pane.scrollHeight - this.pane.scrollTop - this.pane.clientHeight < NEAR_BOTTOM_PX;
  }

  /** Show a room from the first line on that was not read yet, or the newest. What passes by on the way was not read. */
  async show(room) {
    this.room = room;
    this.readAt = room.unread ? (room.group.read_seq ?? 0) : Infinity;
    this.isPlaced = false;
    this.redraw();
    this.pane.scrollTop = this.pane.scrollHeight;
    try {
      if (room.feed.entries.length < 40) await this.loadOlder();
      if (room === this.room && !(await this.toUnseen()) && room === this.room) this.toBottom();
    } finally {
      if (room === this.room) this.isPlaced = true;
      if (this.isPlaced) this.scrolled();
    }
  }

  /** Bring the first line into sight that was not read yet, or of very many the oldest that is shown at once; return whether there is one. */
  async toUnseen() {
    const { room, readAt } = this;
    while (readAt + 1 < room.feed.first && room.feed.entries.length < MOST_SHOWN && !room.isComplete) {
      if (!(await this.chat.loadOlder(room, LONGEST_PAGE)).length) break;
    }
    if (room !== this.room) return true;
    if (!this.lineOf(room.feed.first)) this.redraw();
    const line = this.list.querySelector(".unseen");
    line?.scrollIntoView({ block: "start" });
    if (line && !this.isAtBottom) byId("newest").hidden = false;
    return Boolean(line) && !this.isAtBottom;
  }

  redraw() {
    const { feed } = this.room;
    this.last = undefined;
    this.pane.setAttribute("aria-busy", "true");
    this.tagged = new Set();
    this.list.replaceChildren(...feed.entries.flatMap((entry) => this.render(entry)));
    this.fold();
    this.stopAt(this.lastLine);
    this.drawHead();
    this.drawTail();
    this.pane.removeAttribute("aria-busy");
  }

  /** Add new lines; who looks at the newest keeps doing so, and who posts (`areOwn`) goes there. */
  add(entries, areOwn = false) {
    const wasAtBottom = this.isAtBottom;
    this.list.append(...entries.flatMap((entry) => this.render(entry)));
    this.fold();
    for (const entry of entries) {
      removedBy(entry).forEach((seq) => this.redact(seq));
      if (ABOUT_OTHERS.has(entry.kind)) this.renew(entry.target);
      if (entry.kind === "edit") this.renewQuotes(entry.target);
    }
    if (wasAtBottom && this.room.feed.entries.length > MOST_SHOWN) this.forgetOld();
    this.drawTail();
    if (!this.list.contains(document.activeElement)) this.stopAt(this.lastLine);
    if (wasAtBottom || areOwn) this.toBottom();
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
    // What grows below moves nothing up: only who scrolls back leaves the end.
    this.stays = this.isAtBottom || (this.stays && this.pane.scrollTop >= this.top);
    this.top = this.pane.scrollTop;
    if (!this.isPlaced) return;
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

  /** An entry of a group in one line of the list of groups. */
  tellInALine(entry, room) {
    if (entry.redacted || this.chat.account?.ignored?.includes(entry.from.user)) return "";
    return TELLS.has(entry.kind) ? sayNotice(entry) : `${nameOf(entry.from)}: ${sayPlainly(room.feed.textOf(entry).body) || entry.data?.media?.[0].alt || "🖼"}`;
  }

  drawHead(text = this.room.isComplete ? t("start_of_log") : "") {
    const { members, id } = this.room.group;
    if (text && this.room.isComplete && members === 1) text += " " + t("start_alone", { code: showCode(id) });
    byId("head").textContent = text;
  }

  /** What only this reader sees: posts that were not taken, and those that are on their way. */
  drawTail() {
    const { failed, pending } = this.room;
    this.tail.replaceChildren(...failed.map((post) => this.renderFailed(post)), ...pending.map(renderPending));
  }

  renderFailed(post) {
    const { room } = this;
    const settle = (isAgain) => {
      room.failed.splice(room.failed.indexOf(post), 1);
      if (isAgain) this.chat.post(room, post.body, post.replyTo, post.media);
      else this.drawTail();
    };
    const button = (word, isAgain) => [" ", make("button.chip", { type: "button", onclick: () => settle(isAgain) }, t(word))];
    return make("p.pending", {}, post.body, make("span.complaint", { role: "alert" }, ` ${sayError(post.why)}`), ...button("send_again", true), ...button("discard", false));
  }

  render(entry) {
    if (ABOUT_OTHERS.has(entry.kind)) return [];
    const before = this.last;
    this.last = entry;
    const lines = [];
    if (!before || new Date(before.ts).toDateString() !== new Date(entry.ts).toDateString()) {
      lines.push(make("div.day", { role: "separator" }, make("span", {}, sayDay(entry.ts))));
    }
    if (entry.seq > this.readAt && !(before?.seq > this.readAt)) {
      lines.push(make("div.day.unseen", { role: "separator" }, make("span", {}, t("unseen"))));
    }
    lines.push(TELLS.has(entry.kind) ? this.renderNotice(entry) : this.renderPost(entry, !lines.length && before));
    return lines;
  }

  renderPost(entry, before) {
    const { from } = entry;
    const isFollowing = before && follows(before, entry);
    const kind = isFollowing ? "following" : "leading";
    const post = make(`article.entry.${kind}.${entry.kind}`, { "data-seq": entry.seq, tabindex: -1, "aria-label": `${nameOf(from)}, ${sayMoment(entry.ts)}` });
    if (from.user === this.chat.account?.user) post.classList.add("own");
    if (!isFollowing) {
      const avatar = makeAvatar(from.user, from.display_name);
      avatar.dataset.user = from.user;
      // What role and tags say of somebody is said once, and when it changes.
      const tags = `${from.user} ${from.role} ${from.tags}`;
      post.append(avatar, renderAuthor(entry, !this.tagged.has(tags)));
      this.tagged.add(tags);
    }
    if (entry.reply_to) post.append(this.renderQuote(entry.reply_to));
    post.append(this.renderBody(entry));
    return post;
  }

  renderBody(entry) {
    if (entry.redacted) return make("p.body.gone", {}, t("deleted"));
    if (this.chat.account?.ignored?.includes(entry.from.user)) return make("p.body.gone", {}, t("ignored"));
    const body = make("div.body", { title: sayMoment(entry.ts) });
    if (entry.kind === "announcement") body.append(make("strong.label", {}, t("announcement")), " ");
    if (entry.kind === "action") body.append(`* ${nameOf(entry.from)} `);
    const { body: text, isEdited } = this.room.feed.textOf(entry);
    body.append(...renderText(text, (name) => this.renderMention(name), this.room));
    if (isEdited) body.append(" ", make("small.edited", {}, t("edited")));
    if (entry.data?.media) {
      const shown = make("div", {});
      showMedia(this.chat, entry.data.media, shown);
      body.append(shown);
    }
    for (const [emoji, users] of this.room.feed.reactionsTo(entry.seq)) {
      const mine = users.has(this.chat.account?.user) ? "true" : "false";
      const about = { type: "button", tabindex: -1, title: [...users].join(" "), "data-reaction": emoji, "aria-pressed": mine };
      body.append(" ", make("button.reaction", about, `${emoji} ${users.size}`));
    }
    return body;
  }

  /** A name to click at; one's own in the colours of `mine`. */
  renderMention(name, mine = ".me") {
    const user = name.slice(1).toLowerCase();
    return make(`span.mention${user === this.chat.account?.user ? mine : ""}`, { "data-user": user }, name);
  }

  renderQuote(seq) {
    const quoted = this.room.feed.original(seq);
    if (!quoted) return make("p.quote", { "data-of": seq }, t("reply_gone"));
    const isIgnored = this.chat.account?.ignored?.includes(quoted.from.user);
    const text = isIgnored ? t("ignored") : quoted.redacted ? t("deleted") : [...sayPlainly(this.room.feed.textOf(quoted).body)].slice(0, QUOTE_CHARACTERS).join("");
    return make("p.quote", { "data-of": quoted.seq }, make("b", {}, nameOf(quoted.from)), " ", text);
  }

  renderNotice(entry) {
    const time = make("time", { datetime: new Date(entry.ts).toISOString() }, sayTime(entry.ts));
    const words = renderWords(entry.redacted ? t("deleted") : sayNotice(entry), (name) => this.renderMention(name, ""), this.room);
    const [fold] = FOLDED.exec(entry.data?.event) ?? [];
    return make("div.notice", { "data-seq": entry.seq, tabindex: -1, "data-fold": fold }, make("span", {}, ...words), time);
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
    const notice = this.list.querySelector(`.notice[data-seq="${seq}"] > span`);
    if (notice) notice.textContent = t("deleted");
  }
}

const nameOf = (from) => from.display_name || from.user;

function follows(before, entry) {
  const isSame = before.from.user === entry.from.user && before.from.role === entry.from.role;
  return isSame && !TELLS.has(before.kind) && !entry.reply_to && entry.ts - before.ts < SAME_BREATH_MS;
}

function renderAuthor({ from, ts }, hasTags) {
  const time = make("time", { datetime: new Date(ts).toISOString(), title: sayMoment(ts) }, sayTime(ts));
  // The spaces are for those who copy or listen.
  const tags = hasTags ? renderTags(from).flatMap((tag) => [tag, " "]) : [];
  return make("header", {}, make("b.name", { title: `@${from.user}`, "data-user": from.user }, nameOf(from)), " ", ...tags, time);
}

/** A member's or an author's role and tags; that somebody is a plain member goes without saying. */
export function renderTags({ role, tags = [] }) {
  const shown = role === "member" ? [] : [make(`span.tag.${role}`, {}, sayValue("role", role))];
  const words = tags.map((word) => make(`span.tag.${word === "creator" ? "creator" : "free"}`, {}, sayTag("tag", word)));
  return [...shown, ...words];
}

const renderPending = ({ body }) => make("p.pending", {}, body, " ", make("small", {}, t("sending")));
