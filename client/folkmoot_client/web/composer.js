// The field that messages are written in: sending, replying, and completing slash commands.

import { byId, make } from "./dom.js";
import { sayError, t } from "./texts.js";

const TYPING_EVERY_MS = 3000;
const MOST_SUGGESTED = 8;
const COMMAND_WORD = /^\s*[/／、]([^\s/／、]*)$/u;

export class Composer {
  constructor(chat) {
    this.chat = chat;
    this.field = byId("message");
    this.suggestions = byId("suggestions");
    this.typedAt = 0;
    byId("composer").addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    byId("reply-cancel").addEventListener("click", () => this.reply());
  }

  /** Turn to another room; what was being written stays with its own. */
  async show(room) {
    if (this.room) this.room.draft = this.field.value;
    this.room = room;
    this.field.value = room.draft;
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

  /** A post was refused: say why, and give the text back to be changed. */
  refuse(post, error) {
    this.complain(sayError(error));
    if (!this.field.value) this.field.value = post.body;
    this.grow();
  }

  submit(event) {
    event.preventDefault();
    const body = this.field.value.trim();
    if (!body || !this.room) return;
    this.field.value = "";
    this.complain("");
    this.chat.post(this.room, body, this.repliedTo?.seq);
    this.reply();
    this.changed();
    this.field.focus();
  }

  changed() {
    this.grow();
    this.suggest();
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
  }

  enter(event) {
    if (this.options.length && this.chosen >= 0) this.choose(event, this.chosen);
    else this.submit(event);
  }

  escape() {
    if (this.options.length) this.offer([]);
    else this.reply();
  }

  suggest() {
    const text = this.field.value;
    const typed = COMMAND_WORD.exec(text)?.[1].toLowerCase();
    const fits = (command) => [command.name, ...command.aliases].some((name) => name.startsWith(typed));
    const all = this.room?.commands ?? [];
    this.offer(typed === undefined ? [] : all.filter((command) => command.allowed && fits(command)));
  }

  offer(commands) {
    this.options = commands.slice(0, MOST_SUGGESTED);
    this.chosen = -1;
    this.suggestions.replaceChildren(...this.options.map((command, index) => this.renderOption(command, index)));
    this.suggestions.hidden = !this.options.length;
    this.field.removeAttribute("aria-activedescendant");
  }

  renderOption({ name, syntax, summary }, index) {
    const attributes = { role: "option", id: `option-${index}`, onmousedown: (event) => this.choose(event, index) };
    return make("li", attributes, make("code", {}, syntax || `/${name}`), make("span", {}, summary));
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
    this.field.value = `/${this.options[index].name} `;
    this.offer([]);
    this.grow();
    this.field.focus();
  }
}
