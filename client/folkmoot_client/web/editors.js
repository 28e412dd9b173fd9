// What editors do besides writing: decide on comments, say who may comment, apply for what the platform grants.

import { fieldsOf } from "./acts.js";
import { byId, make } from "./dom.js";
import { sayError, sayTag, t } from "./texts.js";

const POLICIES = ["open", "followers", "approval", "closed"]; // the stricter the later
const WISHES = { channel: "handle name…", badge: "named…", licence: "publish|relay number", quota: "count [reason…]" };

export class Editors {
  /** `getChannel()` is the channel shown, `onChange()` when a comment came in. */
  constructor(chat, acts, { getChannel, onChange, onFail }) {
    Object.assign(this, { chat, acts, getChannel, onChange });
    byId("waiting").addEventListener("click", () => this.openQueue().catch(onFail));
    const rows = Object.keys(WISHES).map((what) =>
      make("button.item-row", { type: "button", onclick: () => this.openWish(what).catch(onFail) }));
    byId("apply").addEventListener("click", () => {
      Object.keys(WISHES).forEach((what, index) => (rows[index].textContent = t(`wish_${what}`)));
      acts.sheet.push(t("apply"), ...rows);
    });
  }

  run(line) {
    return this.chat.request("command", { line, group: this.getChannel().id });
  }

  /** Show how many comments wait, to who may decide on them. */
  async draw(channel) {
    const waiting = this.chat.rooms.has(channel?.id) ? await this.loadQueue().catch(() => []) : [];
    if (this.getChannel() !== channel) return;
    byId("waiting").hidden = !waiting.length;
    byId("waiting").textContent = t("waiting", { count: waiting.length });
  }

  async loadQueue() {
    return (await this.run("/queue")).data.items.filter((item) => !item.seq);
  }

  async openQueue() {
    const items = await this.loadQueue();
    this.acts.sheet.push(t("waiting", { count: items.length }), ...items.map((item) => this.renderWaiting(item)));
  }

  renderWaiting({ number, user, time, body }) {
    const said = make("p.complaint", { role: "alert" });
    const decide = async (act) => {
      try {
        await this.run(`/queue ${act} ${number}`);
        node.remove();
        await this.onChange();
        if (!byId("sheet-body").childElementCount) this.acts.sheet.dialog.close();
      } catch (error) {
        said.textContent = sayError(error);
      }
    };
    const doors = ["approve", "deny"].map((act) => make("button", { type: "button", onclick: () => decide(act) }, sayTag("word", act)));
    const head = make("p", {}, make("b", {}, `@${user}`), " ", make("small.dim", {}, time));
    const node = make("article.waiting", {}, head, make("p.body", {}, body), said, make("div.doors", {}, ...doors));
    return node;
  }

  /** Offer nothing more open than the channel is; what one has chosen stays. */
  fillPolicies(place, least = "open", chosen = least) {
    const select = byId("may-comment");
    const about = `${place} ${least} ${chosen}`;
    if (select.dataset.about === about) return;
    select.dataset.about = about;
    const open = POLICIES.slice(POLICIES.indexOf(least));
    select.replaceChildren(...open.map((one) => make("option", { value: one, selected: one === chosen }, t(`may_${one}`))));
  }

  setPolicy(seq) {
    return this.run(`/comments ${byId("may-comment").value} ${seq}`);
  }

  /** A form with a field for each document that the operator asks for. */
  async openWish(what) {
    const { text, data } = await this.chat.request("command", { line: `/apply ${what}` });
    const { handle } = this.getChannel() ?? { handle: this.chat.account.user };
    const isAbout = what === "badge" || what === "licence";
    const category = what === "licence" ? fieldsOf({ name: "category", choices: data.categories }) : [];
    const papers = data.documents.map((kind) => ({ name: kind, choices: [], words: [], isNeeded: true }));
    const fields = [...category, ...fieldsOf({ name: WISHES[what] }), ...papers];
    const started = Object.fromEntries(data.documents.map((kind) => [kind, `${kind}=`]));
    const shown = make("div", { role: "status" });
    const command = { name: `apply ${what}${isAbout ? ` @${handle}` : ""}`, summary: "" };
    const form = this.acts.renderForm(command, fields, started, shown);
    this.acts.sheet.push(t(`wish_${what}`), make("p.dim", {}, text), form, shown);
  }
}
