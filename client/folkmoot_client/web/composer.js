// The field that messages are written in: sending, replying, completing commands and names, and what is not sent yet.

import { fieldsOf, readyFor } from "./acts.js";
import { Attachments } from "./attach.js";
import { byId, make } from "./dom.js";
import { sayPlainly } from "./markdown.js";
import { sayError, sayWord, t } from "./texts.js";

const TYPING_EVERY_MS = 3000;
const MOST_SUGGESTED = 8;
const COMMAND_WORD = /^[/／⁄∕⧸、]([^\s/／⁄∕⧸、]*)$/u;
const DRAFT = "folkmoot.draft.";
const LONGEST_DRAFT = 4000;

export class Composer {
  constructor(chat) {
    this.chat = chat;
    this.field = byId("message");
    this.suggestions = byId("suggestions");
    this.typedAt = 0;
    this.attached = new Attachments(chat, byId("add-files"), byId("added"));
    byId("composer").addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    byId("reply-cancel").addEventListener("click", () => this.reply());
  }

  /** What is being written stays with its group, until one signs out. */
  keep() {
    const text = this.field.value.slice(0, LONGEST_DRAFT);
    if (text) localStorage.setItem(DRAFT + this.room.code, text);
    else localStorage.removeItem(DRAFT + this.room.code);
  }

  forget() {
    for (const key of Object.keys(localStorage)) if (key.startsWith(DRAFT)) localStorage.removeItem(key);
    this.field.value = "";
    this.attached.clear();
    this.room = undefined;
  }

  /** Turn to another room, and to what was being written there. */
  async show(room) {
    if (room !== this.room) this.attached.clear();
    this.room = room;
    this.field.value = localStorage.getItem(DRAFT + room.code) ?? "";
    this.reply();
    this.complain("");
    this.changed();
    await this.chat.loadCommands(room);
  }

  /** Answer `entry` with the next post; nothing ends that. */
  reply(entry) {
    this.repliedTo = entry;
    byId("replying").hidden = !entry;
    if (!entry) return;
    byId("reply-name").textContent = t("reply_to", { name: entry.from.display_name || entry.from.user });
    this.field.focus();
  }

  /** Put words where one writes. */
  insert(words) {
    this.field.setRangeText(words, this.field.selectionStart, this.field.selectionEnd, "end");
    this.changed();
    this.field.focus();
  }

  complain(text) {
    byId("complaint").textContent = text;
  }

  /** A post was refused: say why, and give the text back to be changed, where nothing else is being written. */
  refuse(post, error) {
    this.complain(sayError(error));
    if (this.field.value || post.media.length) return false;
    this.field.value = post.body;
    this.changed();
    return true;
  }

  submit(event) {
    event.preventDefault();
    const body = this.field.value.trim();
    const media = this.attached.refs;
    if (!(body || media.length) || !this.room) return;
    if (this.attached.isBusy) return this.complain(t("still_sending"));
    this.field.value = "";
    this.complain("");
    this.chat.post(this.room, body, this.repliedTo?.seq, media);
    this.attached.clear();
    this.reply();
    this.changed();
    this.field.focus();
  }

  changed() {
    this.grow();
    this.suggest();
    this.keep();
    const text = this.field.value;
    if (!text || COMMAND_WORD.test(text.split(/\s/u, 1)[0]) || Date.now() - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = Date.now();
    this.chat.request("typing", { group: this.room.code }).catch(() => undefined);
  }

  /** As tall as the text, up to what the style sheet allows. */
  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  pressed(event) {
    if (event.isComposing) return; // Enter ends a word of an input method here, not the message
    const action = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (action && this.options.length) this.move(event, action);
    else if (event.key === "Tab" && !event.shiftKey && this.options.length) this.choose(event, Math.max(0, this.chosen));
    else if (event.key === "Enter" && !event.shiftKey) this.enter(event);
    else if (event.key === "Escape") this.escape();
    else if (event.key === "ArrowUp" && !this.field.value) this.correct(event);
  }

  /** Write the command that edits one's last post. */
  correct(event) {
    const { feed } = this.room;
    const last = feed.entries.findLast(({ kind, from, redacted }) => kind === "text" && from.user === this.chat.account.user && !redacted);
    if (!last) return;
    event.preventDefault();
    this.insert(`/edit ${last.seq} ${feed.textOf(last).body}`);
  }

  enter(event) {
    if (this.options.length && this.chosen >= 0) this.choose(event, this.chosen);
    else this.submit(event);
  }

  escape() {
    if (this.options.length) this.offer([]);
    else if (this.repliedTo) this.reply();
    else if (this.room?.notes.length) this.chat.untell(this.room, this.room.notes.at(-1));
  }

  get before() {
    return this.field.value.slice(0, this.field.selectionStart).trimStart();
  }

  suggest() {
    this.offer(this.room ? this.fitting(this.before) : []);
  }

  /** What fits behind a text, as `{ word, shown?, about }`: commands, what their arguments take, and names anywhere. */
  fitting(before) {
    const { commands = [], members, feed } = this.room;
    const [first, ...words] = before.split(/\s+/u);
    const typed = (words.at(-1) ?? first).replace(/^＠/u, "@").toLowerCase();
    const name = COMMAND_WORD.exec(first)?.[1].toLowerCase();
    if (name !== undefined && !words.length) {
      const fits = (command) => command.allowed && [command.name, ...command.aliases].some((one) => one.startsWith(name));
      return commands.filter(fits).map((command) => ({ word: `/${command.name}`, shown: command.syntax, about: command.summary }));
    }
    const command = name && commands.find((one) => one.name === name || one.aliases.includes(name));
    const taken = command?.arguments?.filter(({ reply }) => !(reply && this.repliedTo)) ?? [];
    const fields = taken.flatMap(fieldsOf);
    const field = fields[words.length - 1] ?? (fields.at(-1)?.kind === "several" ? fields.at(-1) : {});
    const isUser = typed[0] === "@" || field.kind === "user";
    if (field.kind === "seq" && !isUser) {
      const said = feed.entries.filter(({ kind, redacted }) => kind === "text" && !redacted).reverse();
      return said.filter(({ seq }) => `${seq}`.startsWith(typed.replace("#", ""))).map((entry) => ({ word: `${entry.seq}`, about: sayPlainly(feed.textOf(entry).body) }));
    }
    const all = isUser ? members.map(({ user, display_name }) => ({ word: `@${user}`, about: display_name })) : readyFor(field).map((word) => ({ word, about: sayWord(word, field.choices) }));
    return all.filter(({ word }) => word.toLowerCase().startsWith(typed));
  }

  offer(options) {
    this.options = options.slice(0, MOST_SUGGESTED);
    this.chosen = -1;
    this.suggestions.replaceChildren(...this.options.map((option, index) => this.renderOption(option, index)));
    this.suggestions.hidden = !this.options.length;
    this.field.removeAttribute("aria-activedescendant");
  }

  renderOption({ word, shown, about }, index) {
    const attributes = { role: "option", id: `option-${index}`, onmousedown: (event) => this.choose(event, index) };
    return make("li", attributes, make("code", {}, shown || word), make("span", {}, word.endsWith(about) ? "" : about));
  }

  move(event, step) {
    event.preventDefault();
    const count = this.options.length;
    this.chosen = this.chosen < 0 && step < 0 ? count - 1 : (this.chosen + step + count) % count;
    [...this.suggestions.children].forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === this.chosen));
    });
    this.field.setAttribute("aria-activedescendant", `option-${this.chosen}`);
  }

  choose(event, index) {
    event.preventDefault();
    const { selectionStart: end } = this.field;
    this.field.selectionStart = end - /\S*$/u.exec(this.before)[0].length;
    this.insert(`${this.options[index].word} `);
  }
}
