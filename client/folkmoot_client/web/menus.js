// What can be done with a message, a person, a group: tables of commands, and the menus and cards made of them.

import { renderSwitches } from "./bell.js";
import { byId, make, makeAvatar } from "./dom.js";
import { renderTags } from "./log.js";
import { inOwnTime, sayAct, sayWord, t } from "./texts.js";

const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "😢"];
const EMOJI = [..."😀😅😊😍😎🤔😴😡👎👏🙏💪👀✅❌❓❗🔥💯🚀🌱🌻☕🍺🎂🎁🏆📌💡🐛"];
const ON_MESSAGE = ["reply", "edit", "delete", "pin", "unpin", "report", "copy_text", "copy_link", "about"];
const ON_PERSON =
  "mute unmute warn kick ban note warns promote rights demote tag transfer heir purge ignore report mediate".split(" ");
const ON_ONESELF =
  "nick lang notify password verify sessions signins credit limits sanctions warns cases appeal counter proof notices ignore mediate apply mydata uptime account".split(" ");
const ON_GROUP = {
  look: "search info id rules pins members announce invite nick notify me report help".split(" "),
  people: "requests queue duty mutes bans warns invites promote rights tag transfer heir".split(" "),
  settings: "rename topic setrules category joinmode question limit links word ladder infopage bot webhook".split(" "),
  calm: "slow lock unlock antiraid purge".split(" "),
  record: "log export rectify dissolve".split(" "),
};
const MOST_MEMBERS = 2000;
const COUNTED = ["requests", "queue"];
const MUTES = ["10m", "1h", "1d"];
const RANKS = ["member", "admin", "owner"];
const ONLY_BELOW = new Set("kick ban mute unmute warn note promote rights demote".split(" "));

export class Menus {
  /** `does` has what is no command: `reply mention password join_link …`, each given what the menu is about. */
  constructor(chat, acts, does) {
    Object.assign(this, { chat, acts, does });
    this.menu = byId("menu");
    this.menu.addEventListener("keydown", (event) => this.pressed(event));
    // By itself it would close at the end of the touch that opened it.
    document.addEventListener("pointerdown", ({ target }) => this.menu.contains(target) || this.close(), true);
  }

  get me() {
    return this.chat.account.user;
  }

  get room() {
    return this.acts.room;
  }

  // A message.

  /** Open the menu of an entry at a place `{x, y}`. */
  openFor(entry, { x, y }) {
    const items = ON_MESSAGE.map((name) => this.itemOf(name, entry)).filter(Boolean);
    const isGone = entry.redacted || entry.data?.event;
    this.menu.replaceChildren(...(isGone ? [] : [this.renderEmoji(entry, QUICK, true)]), ...items.map((item) => this.renderItem(item, "menuitem")));
    if (!this.isOpen) {
      this.opener = document.activeElement;
      this.menu.showPopover();
    }
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    this.menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    this.menu.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
    this.menu.querySelector("button")?.focus();
  }

  /** One item of a message's menu, `{name, label, why?, run}`; nothing where it makes no sense. */
  itemOf(name, entry) {
    const { seq, from } = entry;
    const isMine = from.user === this.me;
    const { body } = this.room.feed.textOf(entry);
    const isPinned = this.room.group.pins?.includes(seq) ?? false;
    const own = {
      reply: () => this.does.reply(entry),
      copy_text: () => this.does.copy(body),
      copy_link: () => this.does.copy(`${location.href.split("#")[0]}#${this.room.code}/${seq}`),
      about: () => this.openPerson(from.user),
    };
    const fits = { edit: isMine && entry.kind !== "action", report: !isMine, pin: !isPinned, unpin: isPinned };
    if (fits[name] === false || ((entry.redacted || entry.data?.event) && !/^(copy_link|about|report)$/.test(name))) return undefined;
    if (own[name]) return { name, label: t(name, { name: `@${from.user}` }), run: own[name] };
    const item = this.actOf(name, { seq: `${seq}`, ...(name === "edit" && { text: body }) });
    if (item && name === "delete" && !isMine && !item.why) item.why = this.whyNot("purge") || this.whyOutranked(from);
    return item;
  }

  renderEmoji(entry, emojis, hasMore) {
    const react = (emoji) => this.does.react(entry, emoji);
    const one = (emoji) => make("button", { role: "menuitem", tabindex: -1, "aria-label": emoji, onclick: () => this.choose(() => react(emoji)) }, emoji);
    const more = () => {
      const all = this.renderEmoji(entry, [...QUICK, ...EMOJI], false);
      this.menu.replaceChildren(all);
      all.querySelector("button").focus();
    };
    const last = make("button", { role: "menuitem", tabindex: -1, "aria-label": t("more"), onclick: more }, "…");
    return make("div.emojis", { role: "group", "aria-label": t("react") }, ...emojis.map(one), ...(hasMore ? [last] : []));
  }

  get isOpen() {
    return this.menu.matches(":popover-open");
  }

  close() {
    if (this.isOpen) this.menu.hidePopover();
  }

  choose(run) {
    this.close();
    this.opener.focus({ preventScroll: true });
    run();
  }

  pressed(event) {
    const items = [...this.menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const to = { Home: 0, End: items.length - 1 }[event.key] ?? (step && (items.indexOf(document.activeElement) + step + items.length) % items.length);
    if (event.key === "Tab" || event.key === "Escape") this.choose(() => undefined);
    if (to === undefined) return;
    event.preventDefault();
    items[to].focus();
  }

  // What commands are in menus.

  /** A command as an item, or nothing where the server has none. */
  actOf(name, values) {
    const command = this.acts.find(name);
    if (!command) return undefined;
    return { name, label: sayAct(command), code: `/${name}`, why: command.why, run: () => this.acts.open(name, values) };
  }

  whyNot(name) {
    return this.acts.find(name)?.why;
  }

  /** Why one cannot act on a member, where it is for the ranks. */
  whyOutranked({ role = "member" }) {
    return RANKS.indexOf(role) >= RANKS.indexOf(this.room.group.role) ? t("outranked") : "";
  }

  renderItem({ name, label, code, why, run, count, chips = [] }, role) {
    const isMenu = role === "menuitem";
    const click = () => !why && (isMenu ? this.choose(run) : run());
    const shared = { role, tabindex: isMenu ? -1 : undefined, "aria-disabled": why ? "true" : undefined, onclick: click, "data-act": name };
    const words = make("span.words", {}, make("span", {}, label), ...(why ? [make("small", {}, why)] : []));
    const button = make("button.item-row", shared, words);
    if (count) button.append(make("span.unread", {}, `${count}`));
    if (code && !isMenu) button.append(make("code", {}, code));
    return chips.length && !why ? make("div.with-chips", {}, button, ...chips) : button;
  }

  // A person.

  /** Show who somebody is and what can be done; for oneself, what is one's own. */
  async openPerson(user) {
    await this.chat.loadCommands(this.room);
    const isMe = user === this.me;
    const member = this.room?.members.find((one) => one.user === user) ?? (isMe ? this.chat.account : { user });
    const about = make("pre", { role: "status" });
    const place = make("div.card-head", {}, makeAvatar(user, member.display_name), make("span.words", {}, make("b", {}, member.display_name || user), make("small.dim", {}, `@${user}`),
      make("span.tags", {}, ...(member.role ? renderTags(member) : []))));
    const items = isMe ? this.itemsOfOneself() : this.itemsOn(member);
    this.acts.sheet.push(isMe ? t("you") : t("about", { name: `@${user}` }), place, about, ...(isMe ? renderSwitches() : []), ...items.map((item) => this.renderItem(item)));
    if (this.room && !isMe) await this.chat.command(this.room, `/whois @${user}`).then(({ text }) => (about.textContent = inOwnTime(text).split("\n").slice(1).join("\n")), this.acts.onFail);
  }

  itemsOfOneself() {
    return ON_ONESELF.map((name) => (name === "password" ? { name, label: t("change_password"), run: () => this.does.password() } : this.actOf(name, {})))
      .filter((item) => item && (this.room || !item.why));
  }

  itemsOn(member) {
    const isAdmin = member.role === "admin";
    const isMuted = member.muted_until_ms > Date.now();
    const fits = { unmute: isMuted, mute: !isMuted, promote: !isAdmin && member.role, demote: isAdmin, rights: isAdmin };
    const mention = { name: "mention", label: t("mention"), run: () => this.does.mention(member.user) };
    return [mention, ...ON_PERSON.filter((name) => fits[name] ?? true).map((name) => this.itemOn(name, member))].filter(Boolean);
  }

  itemOn(name, member) {
    const values = { user: `@${member.user}`, seq: `@${member.user}`, permission: name === "rights" ? member.permissions ?? [] : undefined };
    const item = this.actOf(name, values);
    if (item && !item.why && ONLY_BELOW.has(name)) item.why = this.whyOutranked(member);
    if (item && name === "mute") {
      const open = (duration) => () => this.acts.open(name, { ...values, duration });
      item.chips = MUTES.map((duration) => make("button.chip", { onclick: open(duration) }, sayWord(duration)));
    }
    return item;
  }

  // The group.

  /** Show all that can be done about the group shown, with what waits. */
  async openGroup() {
    const { room } = this;
    await this.chat.loadCommands(room);
    const rows = {};
    const sections = Object.entries(ON_GROUP).map(([part, names]) => {
      const items = names.map((name) => this.actOf(name, name === "report" ? { seq: "group" } : {})).filter(Boolean);
      for (const item of items) if (item.name === "members") item.run = () => this.openMembers().catch(this.acts.onFail);
      const drawn = items.map((item) => (rows[item.name] = this.renderItem(item)));
      return make("section", {}, make("h3", {}, t(`part_${part}`)), ...drawn);
    });
    const field = make("input", { type: "search", "aria-label": t("find_act"), placeholder: t("find_act") });
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase();
      for (const row of Object.values(rows)) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      for (const section of sections) section.hidden = ![...section.children].slice(1).some((row) => !row.hidden);
    });
    this.acts.sheet.push(room.group.name, field, ...sections);
    for (const name of COUNTED.filter((one) => this.acts.find(one)?.allowed)) {
      const { data } = await this.chat.command(room, `/${name}`).catch(() => ({ data: {} }));
      const count = (data.items?.length ?? 0) + (data.appeals?.length ?? 0);
      if (count) rows[name].querySelector("code").before(make("span.unread", {}, `${count}`));
    }
  }

  /** Show the members, those whose names have what is typed. */
  async openMembers() {
    const members = await this.chat.allMembers(this.room, MOST_MEMBERS);
    const list = make("ul.people", {});
    const rows = members.map((member) => [`${member.display_name} @${member.user}`.toLowerCase(), renderMember(member, () => this.openPerson(member.user))]);
    const field = make("input", { type: "search", "aria-label": t("find_member"), placeholder: t("find_member") });
    const draw = () => list.replaceChildren(...rows.filter(([words]) => words.includes(field.value.toLowerCase())).map(([, row]) => row));
    field.addEventListener("input", draw);
    draw();
    this.acts.sheet.push(t("members"), field, list);
  }
}

/** A member as a row that opens their card. */
export function renderMember(member, onclick) {
  const { user, display_name: shown } = member;
  const tags = renderTags(member);
  const words = make("span.words", {}, make("b", {}, shown || user), make("small", {}, `@${user}`));
  if (tags.length) words.append(make("span.tags", {}, ...tags));
  return make("li", {}, make("button.member", { onclick }, makeAvatar(user, shown), words));
}
