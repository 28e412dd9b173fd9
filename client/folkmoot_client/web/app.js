// Puts the page together: who is in, which group is shown, and what the parts tell each other.

import { Channels, placeOf } from "./channels.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Dialogs, isSure } from "./dialogs.js";
import { byId, make, makeAvatar, showCode } from "./dom.js";
import { Gate } from "./gate.js";
import { Log, renderTags } from "./log.js";
import { language, sayError, sayMuted, switchLanguage, t, translatePage } from "./texts.js";

const READ_MS = 300;
const TOAST_MS = 5000;
const MOST_TYPING = 3;
const RANKS = ["owner", "admin", "member"];
// What an item of each part of one's own data is called in its line.
const OWN_PARTS = { account: "account", acts: "act", notices: "notice", entries: "entry" };
const lineOf = (line, item) => `${JSON.stringify({ line, [line]: item })}\n`;
const socketUrl = new URL("ws", location.href.split("#")[0]);
socketUrl.protocol = socketUrl.protocol.replace("http", "ws");

class App {
  constructor() {
    this.chat = new Chat(socketUrl.href, this);
    this.gate = new Gate(this.chat);
    this.composer = new Composer(this.chat);
    this.log = new Log(this.chat, {
      onReply: (entry) => this.composer.reply(entry),
      onRead: () => this.readSoon(),
    });
    this.channels = new Channels(this.chat, {
      onFail: (error) => this.complain(error),
      onDone: (text) => this.toast(text),
      onEditors: (room) => this.open(room),
    });
    this.dialogs = new Dialogs(this.chat, {
      onRoom: (room) => this.open(room),
      onDone: (text) => this.toast(text),
    });
    this.listen();
    this.translate();
    if (this.chat.token) this.chat.resume();
    else this.onSignedOut();
  }

  listen() {
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => this.changeLanguage());
    }
    byId("sign-out").addEventListener("click", () => this.try(() => this.chat.signOut()));
    for (const id of ["back", "channels-back"]) byId(id).addEventListener("click", () => this.leaveRoom());
    byId("code").addEventListener("click", () => this.copyCode());
    byId("told-read").addEventListener("click", () => this.try(() => this.readTold()));
    byId("leave").addEventListener("click", () => this.leaveGroup());
    byId("members-toggle").addEventListener("click", () => this.toggleMembers());
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("visibilitychange", () => this.looked());
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

  changeLanguage() {
    switchLanguage();
    this.translate();
    if (this.chat.account) this.try(() => this.teachLanguage());
  }

  async teachLanguage() {
    await this.chat.speak(language());
    if (this.room) await this.composer.loadCommands(this.room);
  }

  drawAll() {
    this.onRooms();
    if (this.channels.isOpen) this.channels.open(this.channels.place);
    if (!this.room) return;
    this.log.redraw();
    this.onMembers(this.room);
  }

  pressed(event) {
    const step = event.altKey && { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rooms = this.sortedRooms();
    if (!step || !rooms.length) return;
    event.preventDefault();
    this.open(rooms[(rooms.indexOf(this.room) + step + rooms.length) % rooms.length]);
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
    if (state === "online") this.signedIn();
  }

  signedIn() {
    document.body.dataset.page = "chat";
    this.gate.passed();
    if (this.room) this.room = this.chat.rooms.get(this.room.code);
    if (this.room) this.log.room = this.composer.room = this.room;
    else this.showRoom();
    if (!this.room) this.followHash();
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
    this.composer.room = undefined;
    this.log.room = undefined;
    this.channels.forget();
    document.body.dataset.page = "gate";
    byId("told-lines").replaceChildren();
    byId("told").hidden = true;
    document.body.dataset.state = "closed";
    byId("banner").textContent = "";
    this.showRoom();
    this.gate.open(error);
  }

  onRooms() {
    this.drawAccount();
    const rooms = this.sortedRooms();
    byId("groups").replaceChildren(...rooms.map((room) => this.renderRoom(room)));
    byId("no-groups").hidden = rooms.length > 0;
    const unread = rooms.filter((room) => room !== this.room && room.unread).length;
    document.title = unread ? `(${unread}) ${t("title")}` : t("title");
    if (this.room) this.drawHeader();
  }

  onEntries(room, entries) {
    if (room === this.room) this.log.add(entries);
    if (entries.length) {
      this.onTyping(room);
      this.roomsSoon();
    }
  }

  onLog(room) {
    if (room === this.room) this.log.show(room).catch((error) => this.complain(error));
  }

  onRefused(room, post, error) {
    if (error.code === "agreement_required") this.dialogs.askToAgree();
    if (room === this.room) this.composer.refuse(post, error);
    else this.complain(error);
  }

  /** What is stored about the reader: a file to keep. */
  onOwnData(data) {
    const lines = Object.entries(data).flatMap(([part, items]) => items.map((item) => lineOf(OWN_PARTS[part], item)));
    const file = new Blob(lines, { type: "application/jsonl" });
    const link = make("a", { href: URL.createObjectURL(file), download: "folkmoot-mydata.jsonl" });
    link.click();
    URL.revokeObjectURL(link.href);
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
    byId("told-lines").append(make("li", { "data-id": notice?.id }, text));
    byId("told").hidden = false;
  }

  async readTold() {
    const lines = [...byId("told-lines").children];
    const ids = lines.flatMap((line) => line.dataset.id ?? []);
    if (ids.length) await this.chat.readTold(ids.sort().at(-1));
    for (const line of lines) line.remove();
    byId("told").hidden = byId("told-lines").children.length === 0;
  }

  onMembers(room) {
    if (room !== this.room) return;
    const missing = room.group.members - room.members.length;
    const sorted = room.members.toSorted((one, other) => RANKS.indexOf(one.role) - RANKS.indexOf(other.role));
    const rows = sorted.map((member) => this.renderMember(member));
    if (missing > 0) rows.push(make("li.dim", {}, t("members_more", { count: missing })));
    byId("members").replaceChildren(...rows);
  }

  // Groups.

  sortedRooms() {
    const groups = [...this.chat.rooms.values()].filter((room) => !room.group.form);
    return groups.sort((one, other) => one.group.name.localeCompare(other.group.name));
  }

  /** Many entries at once need the list drawn once. */
  roomsSoon() {
    this.roomsTimer ??= setTimeout(() => {
      this.roomsTimer = undefined;
      if (this.chat.account) this.onRooms();
    }, 50);
  }

  renderRoom(room) {
    const { group, unread } = room;
    const isCurrent = room === this.room;
    const button = make("button.group", { type: "button", "data-group": group.id, onclick: () => this.open(room) });
    if (isCurrent) button.setAttribute("aria-current", "page");
    const words = make("span.words", {}, make("b", {}, group.name), make("small", {}, group.topic || showCode(group.id)));
    button.append(makeAvatar(group.id, group.name), words);
    if (unread && !isCurrent) {
      button.append(make("span.unread", { "aria-label": t("unread", { count: unread }) }, unread > 99 ? "99+" : `${unread}`));
    }
    return make("li", {}, button);
  }

  renderMember(member) {
    const { user, display_name: shown } = member;
    const tags = renderTags(member);
    const words = make("span.words", {}, make("b", {}, shown || user), make("small", {}, `@${user}`));
    if (tags.length) words.append(make("span.tags", {}, ...tags));
    return make("li", {}, makeAvatar(user, shown), words);
  }

  drawAccount() {
    const { user, display_name: shown, credit } = this.chat.account;
    const words = credit ? `@${user} · ${credit.level} ${credit.score}` : `@${user}`;
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
    byId("code").textContent = showCode(group.id);
    byId("group-members").textContent = t("members_count", { members: group.members, limit: group.member_limit });
    byId("group-role").replaceChildren(...renderTags({ role: group.role ?? "member" }));
    byId("group-mode").textContent = t(`mode_${group.join_mode}`);
    byId("notice").textContent = this.sayState();
  }

  /** What keeps the reader from posting, if anything does. */
  sayState() {
    const { state, muted_until_ms: until, slow_ms: slow } = this.room.group;
    const isBound = slow && this.room.group.role === "member";
    const texts = [
      state === "active" ? "" : t(`state_${state}`),
      sayMuted(until),
      isBound ? t("slow", { seconds: Math.ceil(slow / 1000) }) : "",
    ];
    return texts.filter(Boolean).join(" ");
  }

  open(room) {
    if (!room) return;
    this.channels.leave();
    this.room = room;
    history.replaceState(null, "", `#${room.code}`);
    this.showRoom();
    this.onRooms();
    this.onTyping(room);
    this.try(() => this.chat.loadMembers(room));
    this.try(() => this.composer.show(room));
    this.try(() => this.log.show(room));
    if (matchMedia("(hover: hover)").matches) byId("message").focus();
  }

  /** Show the room, or the welcome where there is none. */
  showRoom() {
    const isOpen = Boolean(this.room) || this.channels.isOpen;
    document.body.dataset.room = isOpen ? "open" : "none";
    byId("room").hidden = !this.room;
    byId("welcome").hidden = isOpen;
  }

  leaveRoom() {
    this.room = undefined;
    this.channels.leave();
    history.replaceState(null, "", location.pathname);
    this.showRoom();
    this.onRooms();
  }

  /** `#home`, `#@handle` and `#@handle/seq` in the address are of channels. */
  showChannels(place) {
    if (this.channels.hash === location.hash) return;
    this.room = undefined;
    this.channels.open(place);
    this.showRoom();
    this.onRooms();
  }

  /** `#<code>` in the address opens a group, or asks to join it: that is how one passes a group on. */
  followHash() {
    const place = placeOf(location.hash);
    if (place && this.chat.account) return this.showChannels(place);
    if (!location.hash && this.channels.isOpen) return this.leaveRoom();
    const code = location.hash.slice(1).replaceAll("-", "");
    if (!/^\d{12}$/.test(code) || !this.chat.account || this.room?.code === code) return;
    const room = this.chat.rooms.get(code);
    if (room) this.open(room);
    else this.dialogs.askToJoin(code);
  }

  leaveGroup() {
    const room = this.room;
    if (isSure("leave_sure", { name: room.group.name })) this.try(() => this.chat.leave(room));
  }

  toggleMembers() {
    const isShown = document.body.classList.toggle("members-shown");
    byId("members-toggle").setAttribute("aria-expanded", String(isShown));
  }

  async copyCode() {
    try {
      await navigator.clipboard.writeText(showCode(this.room.code));
      this.toast(t("copied"));
    } catch {
      getSelection().selectAllChildren(byId("code")); // no clipboard without TLS: leave the last step to the reader
    }
  }

  readSoon() {
    clearTimeout(this.readTimer);
    const room = this.room;
    this.readTimer = setTimeout(() => {
      if (room === this.room && this.chat.connection.state === "online") {
        this.chat.markRead(room).catch(() => undefined);
      }
    }, READ_MS);
  }
}

new App();
