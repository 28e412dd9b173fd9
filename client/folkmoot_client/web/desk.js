// The desk: what waits for the operator's staff, worked through by keyboard. What waits, how it reads and how one may
// decide on it the server says, so that nothing of it is known here. Loaded by those alone who have a role.

import { renderDue } from "./box.js";
import { byId, make } from "./dom.js";
import { inOwnTime, sayError, t } from "./texts.js";

export class Desk {
  constructor(app) {
    Object.assign(this, { app, sheet: app.acts.sheet, at: 0, what: "" });
    document.addEventListener("keydown", (event) => this.pressed(event));
    this.sheet.dialog.addEventListener("close", () => this.item && this.putAside());
  }

  ask(noun, verb, fields) {
    return this.app.chat.request("admin", { noun, verb, ...fields });
  }

  async open() {
    this.isOpen = true;
    this.templates = (await this.ask("case", "templates")).items.map(({ text }) => text);
    await this.load();
  }

  leave() {
    this.release();
    this.isOpen = false;
  }

  async load() {
    this.all = (await this.ask("desk", "list", { limit: 200 })).items;
    if (this.isOpen) this.draw();
  }

  of(kind) {
    return this.all.filter(({ what }) => !kind || what === kind);
  }

  draw() {
    const kinds = ["", ...new Set(this.all.map(({ what }) => what))];
    const options = kinds.map((kind) => make("option", { value: kind, selected: kind === this.what }, `${kind || t("all")} (${this.of(kind).length})`));
    const choose = ({ target }) => {
      this.what = target.value;
      this.draw();
    };
    this.rows = this.of(this.what);
    this.at = Math.max(0, Math.min(this.at, this.rows.length - 1));
    byId("page-body").replaceChildren(
      make("select", { "aria-label": t("desk"), onchange: choose }, ...options),
      make("ul", {}, ...this.rows.map((row, at) => this.renderRow(row, at))),
      make("p.dim", {}, t(this.rows.length ? "desk_keys" : "desk_empty")),
    );
  }

  renderRow({ what, why, user, case: number, due_ts: due, claimed_by: by }, at) {
    const about = [user && `@${user}`, number, by && `← @${by}`].filter(Boolean).join(" · ");
    const words = make("span.words", {}, make("b", {}, `${what}: ${why}`), make("small.dim", {}, about), renderDue("answer_due", due));
    return make("li", {}, make("button.item-row", { onclick: () => this.app.try(() => this.show(at)), onfocus: () => this.item || (this.at = at) }, words));
  }

  focus() {
    byId("page-body").querySelectorAll(".item-row")[this.at]?.focus();
  }

  /** Show one, taken on while it is open so that nobody else decides on it meanwhile. */
  async show(at) {
    this.release();
    const row = (this.item = this.rows[(this.at = at)]);
    this.pending = undefined;
    this.text = make("pre");
    this.said = make("p.complaint", { role: "alert" });
    this.field = make("input", { id: "desk-reason", maxlength: 1000 });
    const chips = this.templates.map((text) => make("button.chip", { onclick: () => (this.field.value = text) }, text));
    const ways = row.ways.map((way, index) => make("button", { onclick: () => this.decide(way) }, make("kbd", {}, way.key || `${index + 1}`), ` ${way.title}`));
    const reason = [make("label", { for: "desk-reason" }, t("arg_reason")), this.field, make("div.chips", {}, ...chips)];
    this.sheet.views = [];
    this.sheet.push(`${row.what} ${row.case}`, make("div.chips", {}, ...ways), ...(ways.length ? reason : []), this.said, this.text);
    byId("sheet-title").focus();
    await this.tell(async () => {
      if (!row.claim || row.claimed_by === this.app.chat.account.user) return;
      await this.ask(row.claim, "claim", { target: row.case });
      if (this.item === row) this.claimed = row;
    });
    await this.tell(() => this.read(row, "desk", "show"));
  }

  /** Show what a verb says of an item in words. */
  async read(row, noun, verb, options) {
    const { text } = await this.ask(noun, verb, { target: row.case, options });
    if (this.item === row) this.text.replaceChildren(...this.app.acts.renderWords(inOwnTime(text)));
  }

  /** Do something of which the server may say why not; say whether it was done. */
  async tell(work) {
    try {
      await work();
      return true;
    } catch (error) {
      this.said.textContent = sayError(error);
      return false;
    }
  }

  /** What was taken on by being opened alone is free again. */
  release() {
    const { claimed } = this;
    if (claimed) this.ask(claimed.claim, "release", { target: claimed.case }).catch(() => undefined);
    this.item = this.claimed = undefined;
  }

  putAside() {
    this.release();
    this.focus();
  }

  async decide(way) {
    const { item, field } = this;
    const { noun, verb, takes, title, options } = way;
    const reason = field.value.trim();
    if (takes && !reason) {
      this.pending = way;
      this.said.textContent = t("give_reason");
      return field.focus();
    }
    if (takes === "case") return this.tell(() => this.read(item, noun, verb, { case: reason }));
    if (!(await this.tell(() => this.ask(noun, verb, { target: item.case, options, ...(takes && { reason }) })))) return;
    this.item = this.claimed = undefined;
    this.sheet.dialog.close();
    this.app.toast(`${item.case}: ${title}`);
    await this.load();
    this.focus();
  }

  pressed(event) {
    const { key, target, ctrlKey, metaKey, altKey, isComposing } = event;
    const isShown = this.item && this.sheet.views.length === 1;
    if (!this.isOpen || ctrlKey || metaKey || altKey || isComposing || (this.sheet.dialog.open && !isShown)) return;
    const isField = /INPUT|TEXT|SELECT/.test(target.tagName);
    const work = isField ? target === this.field && key === "Enter" && this.pending && (() => this.decide(this.pending)) : this.workOf(key, isShown);
    if (!work) return;
    event.preventDefault();
    this.app.try(work);
  }

  workOf(key, isShown) {
    const at = this.at + { j: 1, k: -1 }[key];
    if (this.rows[at]) return () => (isShown ? this.show(at) : ((this.at = at), this.focus()));
    if (key === "?") return () => this.app.toast(t("desk_keys"));
    if (!isShown) return undefined;
    const way = this.item.ways.find((one) => one.key === key) ?? this.item.ways[key - 1];
    return way ? () => this.decide(way) : { r: () => this.takeTemplate(), w: () => this.field.focus() }[key];
  }

  /** Put the next of the ready reasons into the field. */
  takeTemplate() {
    const { templates, field } = this;
    field.value = templates[(templates.indexOf(field.value) + 1) % templates.length] ?? "";
  }
}
