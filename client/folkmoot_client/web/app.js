// Puts the page together: who is in, which group is shown, and what the parts tell each other.

import { Acts } from "./acts.js";
import { dress, tell } from "./bell.js";
import { Box } from "./box.js";
import { Channels, placeOf } from "./channels.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Dialogs, isSure } from "./dialogs.js";
import { byId, make, makeAvatar, showCode } from "./dom.js";
import { Gate } from "./gate.js";
import { Log, renderTags } from "./log.js";
import { Menus, renderMember } from "./menus.js";
import { inOwnTime, language, loadTexts, sayError, sayMoment, sayMuted, sayTime, sayValue, switchLanguage, t, translatePage } from "./texts.js";

const READ_MS = 300;
const TOAST_MS = 5000;
const MOST_TYPING = 3;
const MANY_GROUPS = 12; // from which on one looks for them by name
const RANKS = ["owner", "admin", "member"];
// What an item of each part of one's own data is called in its line.
const OWN_PARTS = { account: "account", acts: "act", notices: "notice", uploads: "upload", entries: "entry" };
const lineOf = (line, item) => JSON.stringify({ line, [line]: item }) + "\n";

function saveLines(name, lines) {
  const file = new Blob(lines, { type: "application/jsonl" });
  const link = make("a", { href: URL.createObjectURL(file), download: `folkmoot-${name}.jsonl` });
  link.click();
  URL.revokeObjectURL(link.href);
}

const socketUrl = new URL("ws", location.href.split("#")[0]);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");

class App {
  constructor() {
    this.chat = new Chat(socketUrl.href, this);
    this.gate = new Gate(this.chat);
    this.composer = new Composer(this.chat);
    this.log = new Log(this.chat, {
      onReply: (entry) => this.composer.reply(entry),
      onMenu: (entry, place) => this.menus.openFor(entry, place),
      onUser: (user) => this.try(() => this.menus.openPerson(user)),
      onReact: (entry, emoji) => this.react(entry, emoji),
      onRead: () => this.readSoon(),
    });
    this.acts = new Acts(this.chat, {
      getRoom: () => this.room,
      onUser: (user) => this.try(() => this.menus.openPerson(user)),
      onFail: (error) => this.complain(error),
    });
    this.menus = new Menus(this.chat, this.acts, {
      reply: (entry) => this.composer.reply(entry),
      react: (entry, emoji) => this.react(entry, emoji),
      copy: (text) => this.copy(text),
      mention: (user) => this.mention(user),
      password: () => this.dialogs.changePassword(),
    });
    this.channels = new Channels(this.chat, this.acts, {
      onFail: (error) => this.complain(error),
      onDone: (text) => this.toast(text),
      onEditors: (room) => this.open(room),
    });
    this.box = new Box(this);
    this.dialogs = new Dialogs(this.chat, this.acts.sheet, {
      onRoom: (room) => this.open(room),
      onDone: (text) => this.toast(text),
    });
    this.listen();
    dress();
    this.translate();
    if (this.chat.token) this.chat.resume();
    else this.onSignedOut();
  }

  listen() {
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => this.changeLanguage());
    }
    byId("sign-out").addEventListener("click", () => this.try(() => this.chat.signOut()));
    for (const id of ["back", "channels-back", "page-back"]) byId(id).addEventListener("click", () => this.leaveRoom());
    byId("code").addEventListener("click", () => this.copy(showCode(this.room.code)));
    byId("run").addEventListener("click", () => this.try(() => this.menus.openGroup()));
    byId("pins").addEventListener("click", () => this.try(() => this.acts.open("pins")));
    byId("announcement").addEventListener("click", () => this.showAnnouncement());
    byId("account").addEventListener("click", () => this.try(() => this.menus.openPerson(this.chat.account.user)));
    byId("told-read").addEventListener("click", () => this.try(() => this.readTold()));
    byId("leave").addEventListener("click", () => this.leaveGroup());
    byId("members-toggle").addEventListener("click", () => this.toggleMembers());
    document.addEventListener("keydown", (event) => this.pressed(event));
    byId("filter").addEventListener("input", () => this.onRooms());
    byId("filter").addEventListener("keydown", (event) => this.filterPressed(event));
    document.addEventListener("visibilitychange", () => this.looked());
    window.addEventListener("offline", () => this.chat.connection.giveUp());
    window.addEventListener("online", () => this.chat.connection.retryNow());
    window.addEventListener("hashchange", () => this.followHash());
  }

  /** Do what a click asked for; what goes wrong is said in passing. */
  async try(work) {
    try {
      await work();
    } catch (error) {
      this.complain(error);
    }
  }

  complain(error) {
    if (error.code === "agreement_required") this.dialogs.askToAgree();
    else this.toast(sayError(error));
  }

  toast(text) {
    byId("toast").textContent = text;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (byId("toast").textContent = ""), TOAST_MS);
  }

  translate() {
    translatePage(document);
    this.gate.turn();
    if (this.chat.account) this.drawAll();
  }

  async changeLanguage() {
    await switchLanguage();
    this.translate();
    if (this.chat.account) this.try(() => this.teachLanguage());
  }

  async teachLanguage() {
    await this.chat.speak(language());
    if (this.room) await this.chat.loadCommands(this.room);
  }

  drawAll() {
    this.onRooms();
    if (this.channels.isOpen) this.channels.open(this.channels.place);
    if (this.page) this.try(() => this.openPage(this.page));
    if (!this.room) return;
    this.log.redraw();
    for (const note of this.room.notes) note.card = undefined;
    this.onNotes(this.room);
    this.onMembers(this.room);
  }

  pressed(event) {
    if (event.key === "k" && (event.ctrlKey || event.metaKey) && this.chat.account) {
      event.preventDefault();
      byId("filter").hidden = false;
      byId("filter").select();
    }
    if (event.key === "Escape") this.toggleMembers(false);
    const step = event.altKey && { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rooms = this.sortedRooms();
    if (!step || !rooms.length) return;
    event.preventDefault();
    const at = rooms.findIndex((room) => room === this.room || this.isChannelShown(room));
    this.enter(rooms[(at + (at < 0 && step < 0 ? 0 : step) + rooms.length) % rooms.length]);
  }

  isChannelShown({ group }) {
    return group.form && group.handle === this.channels.place?.handle;
  }

  /** Show a group, or the posts of a channel that one edits. */
  enter(room) {
    if (room.group.form) location.hash = `#@${room.group.handle}`;
    else this.open(room);
  }

  /** Enter opens the first group that the filter leaves, Escape ends it. */
  filterPressed({ key }) {
    if (key !== "Enter" && key !== "Escape") return;
    const first = byId("groups").querySelector("button");
    byId("filter").value = "";
    byId("filter").blur();
    if (key === "Enter") first?.click();
    this.onRooms();
  }

  /** Back in sight: a sleeping phone may have lost the line without hearing of it. */
  looked() {
    if (document.visibilityState !== "visible") return;
    this.chat.connection.retryNow();
    if (this.chat.connection.state === "online") this.chat.request("account").catch(() => undefined);
    if (this.room && this.log.isAtBottom) this.readSoon();
  }

  // What the chat tells.

  onState(state) {
    document.body.dataset.state = state;
    const isBack = this.chat.account && state !== "online";
    const text = { waiting: t("reconnecting"), connecting: t(isBack ? "reconnecting" : "connecting") }[state];
    byId("banner").textContent = text ?? "";
    clearInterval(this.countdown);
    if (state === "waiting") this.showWait();
    if (state === "online") this.signedIn();
  }

  /** How long until the next try, beside the banner's text, and a way not to wait for it. */
  showWait() {
    const seconds = make("span", { "aria-hidden": "true" });
    const retry = { type: "button", onclick: () => this.chat.connection.retryNow() };
    byId("banner").append(" ", seconds, " ", make("button", retry, t("try_now")));
    const left = () => Math.max(0, Math.ceil((this.chat.connection.retryAt - Date.now()) / 1000));
    const count = () => (seconds.textContent = t("in_seconds", { seconds: left() }));
    this.countdown = setInterval(count, 500);
    count();
  }

  signedIn() {
    const isNew = document.body.dataset.page !== "chat";
    document.body.dataset.page = "chat";
    this.gate.passed();
    if (isNew) document.querySelector(".brand h1").focus();
    if (this.room) this.room = this.chat.rooms.get(this.room.code);
    if (this.room) this.log.room = this.composer.room = this.room;
    else this.showRoom();
    if (!this.room) this.followHash();
    this.refreshBox();
    // Who has not agreed to the terms in force has no home yet.
    this.channels.online().catch(() => undefined);
  }

  onPost(event) {
    this.channels.hear(event);
  }

  onRefutation(event) {
    this.channels.refuted(event);
  }

  onPostsMissed() {
    this.channels.missed();
  }

  onSignedOut(error) {
    this.room = undefined;
    this.acts.sheet.dialog.close();
    this.composer.forget();
    this.log.room = undefined;
    this.channels.forget();
    this.closePage();
    document.body.dataset.page = "gate";
    byId("told-lines").replaceChildren();
    this.drawTold();
    document.body.dataset.state = "closed";
    byId("banner").textContent = "";
    this.showRoom();
    this.gate.open(error);
  }

  onRooms() {
    this.drawAccount();
    const rooms = this.sortedRooms();
    const filter = byId("filter");
    const wanted = filter.value.trim().toLocaleLowerCase();
    const shown = rooms.filter(({ group }) => group.name.toLocaleLowerCase().includes(wanted));
    filter.hidden = rooms.length < MANY_GROUPS && document.activeElement !== filter && !wanted;
    byId("groups").replaceChildren(...shown.map((room) => this.renderRoom(room)));
    byId("no-groups").hidden = rooms.length > 0;
    const unread = rooms.filter((room) => !this.isInSight(room) && room.callsFor(this.chat.account.user)).length;
    document.title = unread ? `(${unread}) ${t("title")}` : t("title");
    if (this.room) this.drawHeader();
  }

  isInSight(room) {
    return room === this.room && document.visibilityState === "visible";
  }

  onEntries(room, entries, areOwn) {
    if (room === this.room) this.log.add(entries, areOwn);
    if (entries.length) {
      const news = entries.findLast((entry) => room.wants(entry, this.chat.account?.user));
      const line = news && !this.isInSight(room) && this.log.tellInALine(news, room);
      if (line) tell(room.group.name, line, `#${room.code}`);
      this.onTyping(room);
      this.roomsSoon();
    }
  }

  onLog(room) {
    if (room === this.room) this.log.show(room).catch((error) => this.complain(error));
  }

  /** Answers to commands, between the log and the field: the newest in sight, each until it is closed. */
  onNotes(room) {
    if (room !== this.room) return;
    const wasAtBottom = this.log.room === room && this.log.isAtBottom;
    byId("notes").replaceChildren(...room.notes.map((note) => (note.card ??= this.acts.renderCard(note))));
    byId("notes").lastChild?.scrollIntoView({ block: "nearest" });
    if (wasAtBottom) this.log.toBottom();
  }

  onCreated(room) {
    this.open(room);
  }

  onRefused(room, post, error) {
    if (error.code === "agreement_required") this.dialogs.askToAgree();
    if (room === this.room) return this.composer.refuse(post, error);
    this.complain(error);
    return false;
  }

  /** What is stored about the reader: a file to keep. */
  onOwnData(pages) {
    const parts = Object.entries(OWN_PARTS);
    saveLines("mydata", parts.flatMap(([part, name]) => pages.filter((page) => page.part === part).flatMap(({ items }) => items.map((item) => lineOf(name, item)))));
  }

  /** The record of a group: a file to keep. */
  onExport(name, pages) {
    saveLines(name, pages.flatMap(({ acts }) => acts.map((act) => lineOf("act", act))));
  }

  /** React to an entry with an emoji, or take that back. */
  react({ seq }, reaction) {
    const { room } = this;
    const remove = room.feed.reactionsTo(seq).get(reaction)?.has(this.chat.account.user) ?? false;
    this.try(() => this.chat.once("react", { group: room.code, seq, reaction, ...(remove && { remove }) }));
  }

  mention(user) {
    this.acts.sheet.dialog.close();
    this.composer.insert(`@${user} `);
  }

  showAnnouncement() {
    this.acts.sheet.push(t("announcement"), make("pre", {}, ...this.acts.renderWords(this.room.group.announcement)));
  }

  onTyping(room) {
    if (room !== this.room) return;
    const names = [...room.typing].filter(([, until]) => until > Date.now()).map(([user]) => `@${user}`);
    const key = names.length === 1 ? "typing_one" : "typing_many";
    byId("typing").textContent = names.length ? t(key, { names: names.slice(0, MOST_TYPING).join(", ") }) : "";
  }

  onLeft(room, reason) {
    this.toast(t(`left_${reason}`, { name: room.group.name }));
    if (room === this.room) this.leaveRoom();
    this.onRooms();
  }

  /** Something that one is told by oneself: it stays in sight until one says to have read it. */
  onTold({ text, notice }) {
    const shown = [...byId("told-lines").children];
    if (notice && shown.some((line) => line.dataset.id === notice.id)) return;
    const [, measure] = /\/appeal (\S+)/.exec(text) ?? [];
    const appeal = () => this.try(() => this.acts.open("appeal", { case: measure }));
    const button = measure && make("button.quiet", { type: "button", onclick: appeal }, t("act_appeal"));
    byId("told-lines").append(make("li", { "data-id": notice?.id }, inOwnTime(text), ...(button ? [" ", button] : [])));
    this.drawTold();
    this.refreshBox();
    if (document.visibilityState !== "visible") tell(t("told"), text, "#box");
  }

  refreshBox() {
    if (this.page === "box") this.try(() => this.box.open());
  }

  drawTold() {
    const { length } = byId("told-lines").children;
    byId("told").hidden = !length || this.page === "box";
    byId("box-unseen").hidden = !length;
    byId("box-unseen").textContent = `${length}`;
  }

  async readTold(id) {
    const lines = [...byId("told-lines").children];
    const ids = [...lines.map((line) => line.dataset.id), id].filter(Boolean);
    if (ids.length) await this.chat.readTold(ids.sort().at(-1));
    this.refreshBox();
    for (const line of lines) line.remove();
    this.drawTold();
  }

  onMembers(room) {
    if (room !== this.room) return;
    const missing = room.group.members - room.members.length;
    const sorted = room.members.toSorted((one, other) => RANKS.indexOf(one.role) - RANKS.indexOf(other.role));
    const rows = sorted.map((member) => renderMember(member, () => this.try(() => this.menus.openPerson(member.user))));
    if (missing > 0) rows.push(make("li.dim", {}, t("members_more", { count: missing })));
    byId("members").replaceChildren(...rows);
  }

  // Groups.

  sortedRooms() {
    const groups = [...this.chat.rooms.values()].filter(({ group }) => group.handle !== this.chat.account.user);
    const latest = (room) => room.lastLine?.ts ?? 0;
    return groups.sort((one, other) => latest(other) - latest(one) || one.group.name.localeCompare(other.group.name));
  }

  /** Many entries at once need the list drawn once. */
  roomsSoon() {
    this.roomsTimer ??= setTimeout(() => {
      this.roomsTimer = undefined;
      if (this.chat.account) this.onRooms();
    }, 50);
  }

  renderRoom(room) {
    const { group, unread, lastLine } = room;
    const { user } = this.chat.account;
    const isCurrent = room === this.room;
    const button = make("button.group", { type: "button", "data-group": group.id, onclick: () => this.enter(room) });
    if (isCurrent) button.setAttribute("aria-current", "page");
    const said = lastLine && this.log.tellInALine(lastLine, room);
    const words = make("span.words", {}, make("b", {}, group.name), make("small", {}, said || group.topic || showCode(group.id)));
    const side = make("span.side", {}, ...(lastLine ? [make("small", {}, sayTime(lastLine.ts))] : []));
    if (unread && !isCurrent) {
      const count = `${room.mentionsOf(user) ? "@ " : ""}${unread > 99 ? "99+" : unread}`;
      side.append(make(room.callsFor(user) ? "span.unread" : "span.unread.still", { "aria-label": t("unread", { count: unread }) }, count));
    }
    button.append(makeAvatar(group.id, group.name), words, side);
    return make("li", {}, button);
  }

  drawAccount() {
    const { user, display_name: shown, credit } = this.chat.account;
    byId("desk").hidden = !this.isStaff;
    for (const id of ["box", "desk"]) byId(id).ariaCurrent = this.page === id ? "page" : null;
    const words = credit ? `@${user} · ${sayValue("level", credit.level)} ${credit.score}` : `@${user}`;
    this.channels.drawDoors();
    byId("account").replaceChildren(
      makeAvatar(user, shown),
      make("span.words", {}, make("b", {}, shown || user), make("small", {}, words)),
    );
  }

  drawHeader() {
    const { group } = this.room;
    byId("group-name").textContent = group.name;
    byId("group-topic").textContent = group.topic;
    byId("announcement").textContent = group.announcement ?? "";
    byId("pins").hidden = !group.pins?.length;
    byId("pins").textContent = `📌 ${group.pins?.length}`;
    byId("code").textContent = showCode(group.id);
    byId("group-members").textContent = t("members_count", { members: group.members, limit: group.member_limit });
    byId("group-role").replaceChildren(...renderTags({ role: group.role ?? "member" }));
    byId("group-mode").textContent = sayValue("join_mode", group.join_mode);
    byId("notice").textContent = this.sayState();
  }

  /** What keeps the reader from posting, if anything does. */
  sayState() {
    const { state, muted_until_ms: until, locked_until_ms: locked, slow_ms: slow, role } = this.room.group;
    const isBound = slow && role === "member";
    const texts = [
      state === "active" ? "" : t(`state_${state}`),
      sayMuted(until),
      role === "member" ? sayMuted(locked, "locked") : "",
      isBound ? t("slow", { seconds: Math.ceil(slow / 1000) }) : "",
    ];
    return texts.filter(Boolean).join(" ");
  }

  open(room, seq) {
    if (!room) return;
    this.channels.leave();
    this.closePage();
    // Going back, as one does on a phone, leads out of the group to the list.
    const isFirst = !this.room && location.hash.replaceAll("-", "") !== `#${room.code}`;
    this.room = room;
    history[isFirst ? "pushState" : "replaceState"](null, "", `#${room.code}`);
    this.showRoom();
    this.onRooms();
    this.onTyping(room);
    this.onNotes(room);
    this.try(() => this.chat.loadMembers(room));
    this.try(() => this.composer.show(room));
    this.try(() => this.showLog(room, seq));
    if (matchMedia("(hover: hover)").matches) byId("message").focus();
  }

  /** Show a room's log at its end, or at an entry. */
  async showLog(room, seq) {
    await this.log.show(room);
    if (seq) await this.jump(room, seq);
  }

  async jump(room, seq) {
    history.replaceState(null, "", `#${room.code}`);
    this.acts.sheet.dialog.close();
    if (!(await this.log.jump(seq))) await this.showAround(room, seq);
  }

  /** Show an entry that is too far away for the log, with what was said around it. */
  async showAround(room, seq) {
    const { entries } = await this.chat.request("history", { group: room.code, before: seq + 10, limit: 20 });
    const texts = entries.filter((entry) => entry.body).map((entry) => `#${entry.seq} ${sayMoment(entry.ts)} @${entry.from.user}: ${entry.body}`);
    this.acts.sheet.push(`#${seq}`, make("pre", {}, ...this.acts.renderWords(texts.join("\n") || t("reply_gone"))));
  }

  /** Show the room, or the welcome where there is none. */
  showRoom() {
    this.drawTold();
    const isOpen = Boolean(this.room) || this.channels.isOpen || Boolean(this.page);
    document.body.dataset.room = isOpen ? "open" : "none";
    byId("room").hidden = !this.room;
    byId("welcome").hidden = isOpen;
  }

  leaveRoom() {
    this.room = undefined;
    this.acts.sheet.dialog.close();
    this.channels.leave();
    this.closePage();
    history.replaceState(null, "", location.pathname);
    this.showRoom();
    this.onRooms();
  }

  /** `#home`, `#@handle` and `#@handle/seq` in the address are of channels. */
  showChannels(place) {
    if (this.channels.hash === location.hash) return;
    this.room = undefined;
    this.closePage();
    this.channels.open(place);
    this.showRoom();
    this.onRooms();
  }

  get isStaff() {
    return this.chat.account?.staff?.includes("read") ?? false;
  }

  /** `#box` in the address is what waits for oneself, `#desk` what waits for the operator's staff. */
  async showPage(name) {
    if (this.page === name) return;
    this.leaveRoom();
    history.replaceState(null, "", `#${name}`);
    if (name === "desk") this.desk ??= new (await import("./desk.js")).Desk(this);
    this.page = name;
    byId("page").hidden = false;
    this.showRoom();
    this.onRooms();
    byId("page-title").focus();
    await this.openPage(name);
  }

  async openPage(name) {
    byId("page-title").textContent = t(name);
    byId("page-body").textContent = t("loading");
    await this[name].open();
  }

  closePage() {
    this[this.page]?.leave();
    this.page = undefined;
    byId("page").hidden = true;
  }

  /** `#<code>` in the address opens a group, or asks to join it: that is how one passes a group on; `/seq` an entry. */
  followHash() {
    this.acts.sheet.dialog.close();
    const place = placeOf(location.hash);
    if (place && this.chat.account) return this.showChannels(place);
    const page = /^#(box|desk)$/.exec(location.hash)?.[1];
    if (page && this.chat.account && (page === "box" || this.isStaff)) return this.try(() => this.showPage(page));
    if (!location.hash && (this.channels.isOpen || this.page || this.room)) return this.leaveRoom();
    const [, code, seq] = /^#(\d{12})(?:\/(\d{1,12}))?$/.exec(location.hash.replaceAll("-", "")) ?? [];
    if (!code || !this.chat.account) return;
    const room = this.chat.rooms.get(code);
    if (this.room?.code === code) this.try(async () => seq && this.jump(room, Number(seq)));
    else if (room) this.open(room, Number(seq));
    else this.dialogs.askToJoin(code);
  }

  leaveGroup() {
    const room = this.room;
    if (isSure("leave_sure", { name: room.group.name })) this.try(() => this.chat.leave(room));
  }

  toggleMembers(wanted) {
    const isShown = document.body.classList.toggle("members-shown", wanted);
    byId("members-toggle").setAttribute("aria-expanded", String(isShown));
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.toast(t("copied"));
    } catch {
      // No clipboard without TLS: leave the last step to the reader.
      const shown = make("pre", {}, text);
      this.acts.sheet.push(t("copy_text"), shown);
      getSelection().selectAllChildren(shown);
    }
  }

  readSoon() {
    const { room } = this;
    const seq = room.feed.last;
    clearTimeout(room.readTimer);
    room.readTimer = setTimeout(() => {
      if (this.chat.connection.state === "online") this.chat.markRead(room, seq).catch(() => undefined);
    }, READ_MS);
  }
}

await loadTexts();
new App();
