// What editors do besides writing: comments that wait, who may comment, applications.

import { fieldsOf } from "./acts.js";
import { byId, make } from "./dom.js";
import { t } from "./texts.js";

const POLICIES = ["open", "followers", "approval", "closed"]; // the stricter the later
const WISHES = { channel: "handle name…", badge: "named…", licence: "publish|relay number", quota: "count [reason…]" };

export class Editors {
  constructor(channels, acts) {
    Object.assign(this, { channels, acts, chat: channels.chat });
    const open = (what) => () => channels.try(() => this.openWish(what));
    const rowOf = (what) => make("button.item-row", { onclick: open(what) }, t(`wish_${what}`));
    byId("apply").addEventListener("click", () => acts.sheet.push(t("apply"), ...Object.keys(WISHES).map(rowOf)));
    byId("waiting").addEventListener("click", () => channels.try(() => this.openQueue()));
    byId("may-comment").addEventListener("change", () => channels.try(() => this.setPolicy(channels.place.seq)));
  }

  get room() {
    return this.chat.rooms.get(this.channels.channel?.id);
  }

  run(line, room) {
    return this.chat.request("command", { line, ...(room && { group: room.code }) });
  }

  /** Offer nothing more open than the channel is, and the categories of its licences; what one has chosen stays. */
  draw({ place, channel, policy, hash }) {
    byId("apply").hidden = place.handle !== this.chat.account?.user && this.room?.group.role !== "owner";
    byId("waiting").hidden = true;
    byId("choosing").hidden = !this.room;
    if (!this.room) return;
    const least = channel.comments ?? "open";
    const chosen = (place.seq && policy) || least;
    const select = byId("may-comment");
    const categories = [...new Set([channel.category, ...(channel.labels ?? []).map((label) => label.category)])].filter(Boolean);
    const about = `${hash} ${least} ${chosen} ${categories}`;
    if (select.dataset.about === about) return;
    select.dataset.about = about;
    const ways = POLICIES.slice(POLICIES.indexOf(least));
    select.replaceChildren(...ways.map((way) => make("option", { value: way, selected: way === chosen }, t(`may_${way}`))));
    byId("category").replaceChildren(...categories.map((one) => make("option", {}, one)));
    byId("category").hidden = place.seq || categories.length < 2;
  }

  /** Say who may comment on a post; for a new one that is asked when it is published. */
  async setPolicy(seq) {
    if (!seq) return;
    await this.run(`/comments ${byId("may-comment").value} ${seq}`, this.room);
    if (this.channels.place.seq) await this.channels.reload();
  }

  /** Count what waits, for who may decide on it. */
  async count() {
    const { room } = this;
    const answer = room && (await this.run("/queue", room).catch(() => undefined));
    const count = answer?.data.items.length;
    if (!count || room !== this.room) return;
    byId("waiting").hidden = false;
    byId("waiting").textContent = t("waiting", { count });
  }

  async openQueue() {
    const { room } = this;
    this.channels.onEditors(room);
    await this.chat.loadCommands(room);
    await this.acts.open("queue");
  }

  /** A form with a field for each document that the operator asks for. */
  async openWish(what) {
    const { text, data } = await this.run(`/apply ${what}`);
    const category = what === "licence" ? fieldsOf({ name: "category", choices: data.categories }) : [];
    const papers = data.documents.map((name) => ({ name, choices: [], words: [], isNeeded: true }));
    const started = Object.fromEntries(data.documents.map((kind) => [kind, `${kind}=`]));
    const shown = make("div", { role: "status" });
    const command = { name: `apply ${what}${/badge|licence/.test(what) ? ` @${this.channels.place.handle}` : ""}`, summary: "" };
    const form = this.acts.renderForm(command, [...category, ...fieldsOf({ name: WISHES[what] }), ...papers], started, shown);
    this.acts.sheet.push(t(`wish_${what}`), make("p.dim", {}, text), form, shown);
  }
}
