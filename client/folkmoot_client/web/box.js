// The box: what one is told by oneself, how one's cases stand, where one was called, and what can be done about each.

import { fieldsOf } from "./acts.js";
import { byId, make } from "./dom.js";
import { FOREVER_MS, inOwnTime, sayAct, sayEnd, sayLength, sayMoment, t } from "./texts.js";

const LONGEST_BAR_MS = 30 * 86_400_000;

/** When something ends or is due, how much time is left, and that drawn; `key` says what it is. */
export function renderDue(key, end) {
  const left = end - Date.now();
  const bar = make("meter", { max: LONGEST_BAR_MS, value: left, "aria-hidden": "true" });
  const more = left > 0 && end < FOREVER_MS ? ` · ${sayLength(left, 2)}` : "";
  return make(left > 0 ? "span.due" : "span.due.complaint", {}, bar, t(key, { time: sayEnd(end) }) + more);
}

/** One thing that somebody is told, with `more` below it. */
export function renderNotice({ ts, text, data: { until_ms: until, appeal_until_ms: appeal } = {}, read_ts: read }, ...more) {
  const dates = Object.entries({ in_force: until, may_appeal: appeal }).filter(([, end]) => end > Date.now());
  return make(read ? "li.note" : "li.note.new", {}, make("small.dim", {}, sayMoment(ts)), make("p", {}, inOwnTime(text)), ...dates.map(([key, end]) => renderDue(key, end)), ...more);
}

export class Box {
  constructor(app) {
    Object.assign(this, { app, chat: app.chat, acts: app.acts });
    this.acts.sheet.dialog.addEventListener("close", () => this.isOpen && app.try(() => this.open()));
  }

  /** Show all of it as it is now. */
  async open() {
    this.isOpen = true;
    this.notices = [];
    await this.chat.loadCommands();
    this.cases = await this.chat.request("command", { line: "/cases" });
    await this.load();
  }

  leave() {
    this.isOpen = false;
  }

  async load() {
    const before = this.notices.at(-1)?.id;
    const { notices, more } = await this.chat.request("notices", { limit: 50, ...(before && { before }) });
    this.notices = before ? [...this.notices, ...notices] : notices;
    if (this.isOpen) this.draw(more);
  }

  draw(hasMore) {
    const { app, notices, cases } = this;
    const lines = cases.text.split("\n");
    const renderCase = ({ closed_ts: closed, due_ms: due }, index) => make("li.note", {}, make("p", {}, inOwnTime(lines[index])), ...(closed ? [] : [renderDue("answer_due", due)]));
    const isNew = notices.some((one) => !one.read_ts);
    byId("page-body").replaceChildren(
      make("div.chips", {}, this.button(t("you"), () => app.menus.openPerson(this.chat.account.user)), ...(isNew ? [this.button(t("told_read"), () => app.readTold(notices[0].id))] : [])),
      ...this.part("calls", this.calls()),
      ...this.part("cases", cases.data.items.map(renderCase)),
      ...this.part("told", notices.map((notice) => renderNotice(notice, this.renderActs(notice)))),
      ...(hasMore ? [this.button(t("older"), () => this.load())] : notices.length ? [] : [make("p.dim", {}, t("desk_empty"))]),
    );
  }

  button(label, run) {
    return make("button", { onclick: () => this.app.try(run) }, label);
  }

  part(key, rows) {
    return rows.length ? [make("h2", {}, t(key)), make("ul", {}, ...rows)] : [];
  }

  /** Where one was called by name, and has not looked yet. */
  calls() {
    const count = (room) => room.mentionsOf(this.chat.account.user);
    return [...this.chat.rooms.values()].filter(count).map((room) => make("li.note", {}, make("a", { href: `#${room.code}` }, room.group.name), ` @ ${count(room)}`));
  }

  /** What one can answer with, what the server says about how, and the way to where it was. */
  renderActs({ acts = [], case: about, group, data: { seq, appeal_until_ms: until } = {} }) {
    const made = this.cases.data.items.find(({ measure }) => measure === about);
    const lines = acts.filter((line) => !/^.appeal/.test(line) || (!made && until > Date.now()));
    const nodes = lines.map((line) => this.renderAct(line, group));
    if (lines.length) nodes.push(this.button(t("what_can"), () => this.acts.run(`/help ${lines[0].slice(1).split(" ")[0]}`)));
    if (made) nodes.push(t("appealed", { case: made.case }));
    if (this.chat.rooms.has(group)) nodes.push(make("a", { href: `#${group}${seq ? `/${seq}` : ""}` }, seq ? `#${seq}` : t("find_open")));
    return make("div.chips", {}, ...nodes);
  }

  /** A button that opens the form of a line. */
  renderAct(line, group) {
    const [name, ...words] = line.slice(1).replace(/ …$/, "").split(" ");
    const command = this.acts.find(name);
    return this.button(sayAct(command ?? { name, summary: line }), async () => {
      if (!command?.allowed) this.app.open(this.chat.rooms.get(group));
      await this.chat.loadCommands(this.acts.room);
      const fields = this.acts.find(name).arguments.flatMap(fieldsOf);
      await this.acts.open(name, Object.fromEntries(words.map((word, index) => [fields[index].name, word])));
    });
  }
}
