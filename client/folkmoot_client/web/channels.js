// Channels: home, the posts of one, and a post with its comments. One of them is shown at a time, by its address:
// `#home`, `#@handle`, `#@handle/12`.

import { Attachments, renderMedia } from "./attach.js";
import { byId, make, makeAvatar, renderText } from "./dom.js";
import { isSure } from "./dialogs.js";
import { Editors } from "./editors.js";
import { sayError, sayMoment, sayTag, t } from "./texts.js";

const PAGE = 20;
const PLACE = /^#?(home|@([a-z0-9_.-]{1,40})(?:\/(\d{1,15}))?)$/;

/** What an address names: `{ handle, seq }`, without a handle home; nothing where it is no such address. */
export function placeOf(hash) {
  const found = PLACE.exec(hash);
  return found && { handle: found[2], seq: Number(found[3] ?? 0) };
}

export class Channels {
  /** `onFail(error)` and `onDone(text)` for what is to be said in passing, `onEditors(room)` to see all of a channel. */
  constructor(chat, acts, { onFail, onDone, onEditors }) {
    Object.assign(this, { chat, onFail, onDone, onEditors });
    this.editing = new Editors(this, acts);
    this.known = new Map(); // channels by code
    this.unseen = new Set(); // posts that came since home was read
    const on = (id, work) => byId(id).addEventListener("click", () => this.try(work));
    on("home", () => this.isHome && this.reload());
    on("fresh", () => this.reload());
    on("older", () => this.loadMore());
    on("follow", () => this.toggleFollow());
    byId("find").addEventListener("submit", (event) => this.find(event));
    on("editors", () => onEditors(this.chat.rooms.get(this.channel.id)));
    on("answering-cancel", () => this.answer());
    this.attached = new Attachments(chat, byId("attach-files"), byId("attached"));
    byId("publish").addEventListener("submit", (event) => this.publish(event));
    byId("publish-text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) this.publish(event);
      else if (event.key === "Escape") this.answer();
    });
  }

  find(event) {
    event.preventDefault();
    const handle = byId("find-handle").value.trim().toLowerCase().replace(/^[@＠]/u, "");
    if (!placeOf(`@${handle}`)?.handle) return this.onFail({ message: t("no_such_channel") });
    byId("find-handle").value = "";
    location.hash = `#@${handle}`;
  }

  get isOpen() {
    return Boolean(this.place);
  }

  get isHome() {
    return this.isOpen && !this.place.handle;
  }

  get isEditor() {
    return this.place?.handle === this.chat.account?.user || this.chat.rooms.has(this.channel?.id);
  }

  get mayComment() {
    return this.policy !== "closed" || this.isEditor;
  }

  async try(work) {
    try {
      await work();
    } catch (error) {
      this.onFail(error);
    }
  }

  /** Show a place; the reader's focus goes to its heading. */
  open(place) {
    if (this.place?.handle !== place.handle || this.place?.seq !== place.seq) {
      byId("publish-text").value = "";
      this.attached.clear();
    }
    this.place = { handle: place.handle, seq: place.seq ?? 0 };
    this.channel = this.cursor = undefined;
    this.answer();
    this.complain("");
    this.fill([]);
    this.draw();
    byId("channels").hidden = false;
    byId("channels-title").focus();
    this.try(() => this.reload());
  }

  get hash() {
    const { handle, seq } = this.place ?? {};
    return !this.place ? "" : handle ? `#@${handle}${seq ? `/${seq}` : ""}` : "#home";
  }

  leave() {
    this.place = this.channel = undefined;
    byId("channels").hidden = true;
    this.drawDoors();
  }

  async reload() {
    const place = this.place;
    byId("posts").ariaBusy = "true";
    byId("nothing").textContent = t("loading");
    try {
      const found = await this.ask(place);
      if (place === this.place) this.take(found);
    } catch (error) {
      if (place !== this.place) return;
      this.fill([]);
      byId("nothing").textContent = this.isFirst(error) ? t("first_post") : sayError(error);
      this.draw();
    } finally {
      byId("posts").ariaBusy = null;
    }
  }

  isFirst(error) {
    return error.code === "no_such_group" && this.place.handle === this.chat.account?.user && !this.place.seq;
  }

  async ask({ handle, seq }) {
    const group = `@${handle}`;
    if (!handle) return this.chat.request("home", { limit: PAGE, live: true });
    if (seq) return this.chat.request("thread", { group, seq, limit: PAGE });
    const [{ channel }, posts] = await Promise.all([
      this.chat.request("channel", { group }),
      this.chat.request("posts", { group, limit: PAGE }),
    ]);
    return { ...posts, channel };
  }

  take(page) {
    this.channel = page.channel;
    this.policy = page.policy;
    this.meet(page);
    if (this.isHome) this.see(page.posts);
    this.fill(this.render(page));
    byId("nothing").textContent = byId("posts").childElementCount ? "" : this.sayNothing();
    this.follow(page);
    this.draw();
    this.try(() => this.editing.count());
  }

  meet({ channel, channels = [] }) {
    for (const one of [channel, ...channels]) if (one) this.known.set(one.id, one);
  }

  fill(nodes) {
    byId("posts").replaceChildren(...nodes);
    byId("older").hidden = true;
  }

  /** Remember where the page after this one begins. */
  follow({ cursor, comments = [], more }) {
    this.cursor = comments.length && more ? comments.at(-1).seq : cursor;
    byId("older").hidden = !this.cursor;
  }

  async loadMore() {
    const { handle, seq } = this.place;
    const place = this.place;
    const type = handle ? (seq ? "thread" : "posts") : "home";
    const where = { ...(handle && { group: `@${handle}` }), ...(seq ? { seq, after: this.cursor } : { before: this.cursor }) };
    const page = await this.chat.request(type, { ...where, limit: PAGE });
    if (place !== this.place) return;
    this.meet(page);
    byId("posts").append(...this.render({ ...page, post: undefined, featured: [] }));
    this.follow(page);
  }

  sayNothing() {
    return t(this.isHome ? "home_empty" : this.isEditor ? "first_post" : "no_posts");
  }

  hear({ group, entry }) {
    this.unseen.add(`${group}/${entry.seq}`);
    this.drawUnseen();
  }

  /** What the platform says about a post has changed: read again what is shown, if that is in it. */
  refuted({ group, seq }) {
    const isShown = byId("posts").querySelector(`[data-name="${group}/${seq}"]`);
    if (this.isOpen && isShown) this.try(() => this.reload());
  }

  /** Posts may have been left out: home is read again, if it is looked at. */
  missed() {
    if (this.isHome) this.try(() => this.reload());
  }

  /** The connection stands, perhaps again: hear of new posts, and count those that came meanwhile. */
  async online() {
    const { posts } = await this.chat.request("home", { limit: PAGE, live: true });
    if (this.seenUntil === undefined) return this.see(posts);
    for (const post of posts) if (post.entry.ts > this.seenUntil) this.hear(post);
  }

  /** These are the newest posts of home, and the reader has seen them. */
  see(posts) {
    this.seenUntil = posts[0]?.entry.ts ?? 0;
    this.unseen.clear();
    this.drawUnseen();
  }

  forget() {
    this.leave();
    this.see([]);
    this.seenUntil = undefined;
    this.known.clear();
  }

  drawUnseen() {
    const count = this.unseen.size;
    const shown = count >= PAGE ? `${PAGE}+` : `${count}`;
    byId("home-unseen").textContent = shown;
    byId("home-unseen").ariaLabel = t("new_posts", { count: shown });
    byId("home-unseen").hidden = !count;
    byId("fresh").textContent = t(count === 1 ? "new_post" : "new_posts", { count: shown });
    byId("fresh").hidden = !count || !this.isHome;
  }

  async toggleFollow() {
    const { following, id } = this.channel;
    if (following && !isSure("unfollow_sure", { name: this.channel.name })) return;
    const { channel } = await this.chat.request(following ? "unfollow" : "follow", { group: id });
    this.channel = channel;
    this.draw();
  }

  /** Answer a comment with the next one, or edit it; nothing ends that. */
  answer(entry, isEdit) {
    if (isEdit || this.isEdit) byId("publish-text").value = (isEdit && entry.body) || "";
    Object.assign(this, { answered: entry, isEdit });
    byId("answering").hidden = !entry;
    if (!entry) return;
    byId("answering-name").textContent = isEdit ? t("act_edit") : t("reply_to", { name: entry.from.display_name || entry.from.user });
    byId("publish-text").focus();
  }

  complain(text) {
    byId("publish-complaint").textContent = text;
  }

  async publish(event) {
    event.preventDefault();
    const field = byId("publish-text");
    const body = field.value.trim();
    const { handle, seq } = this.place;
    const { isEdit } = this;
    const media = this.attached.refs;
    if (!(body || media.length) || !handle || byId("publish-send").disabled) return;
    if (this.attached.isBusy) return this.complain(t("still_sending"));
    const { seq: reply } = this.answered ?? {};
    const { hidden, value: category } = byId("category");
    const fields = { group: `@${handle}`, body, ...(seq && { thread: seq }), ...(reply && { reply_to: reply }), ...(media.length && { media }), ...(!seq && !hidden && category && { category }) };
    byId("publish-send").disabled = true;
    this.complain("");
    try {
      const { seq: posted } = await (isEdit ? this.chat.request("edit", { group: `@${handle}`, seq: reply, body }) : this.chat.once("post", fields));
      const choice = byId("may-comment");
      if (!seq && this.channel && choice.value !== (this.channel.comments ?? "open")) await this.editing.setPolicy(posted);
      field.value = choice.dataset.about = "";
      this.attached.clear();
      this.answer();
      await (seq && !isEdit ? this.loadNewComments() : this.reload());
    } catch (error) {
      this.complain(sayError(error));
      if (error.code === "agreement_required") this.onFail(error);
    } finally {
      byId("publish-send").disabled = false;
    }
  }

  /** Read on to the newest comment: one's own is among them. */
  async loadNewComments() {
    const last = Number(byId("posts").lastElementChild?.dataset.seq ?? 0);
    this.cursor = last === this.place.seq ? 0 : last;
    do await this.loadMore();
    while (this.cursor);
    byId("nothing").textContent = "";
    byId("posts").lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  async repost({ id }, { seq }) {
    await this.chat.once("post", { group: `@${this.chat.account.user}`, body: "", repost: { group: id, seq } });
    this.onDone(t("reposted"));
  }

  async remove(channel, entry) {
    if (!isSure("delete_sure")) return;
    await this.chat.request("command", { line: `/delete ${entry.seq}`, group: channel.id });
    if (entry.kind === "post" && this.place.seq) location.hash = `#@${channel.handle}`;
    else await this.reload();
  }

  draw() {
    const { handle, seq } = this.place;
    const { channel } = this;
    byId("channels-title").textContent = handle ? (channel?.name ?? `@${handle}`) : t("home");
    byId("channels-words").textContent = handle ? this.sayAbout() : t("home_about");
    byId("labels").replaceChildren(...(channel?.labels ?? []).map(renderLabel));
    byId("find").hidden = Boolean(handle);
    byId("channel-topic").textContent = (!seq && channel?.topic) || "";
    byId("follow").hidden = !channel || this.isEditor;
    this.editing.draw(this);
    byId("follow").textContent = t(channel?.following ? "unfollow" : "follow");
    byId("follow").classList.toggle("primary", !channel?.following);
    byId("editors").hidden = !this.chat.rooms.has(channel?.id);
    byId("all-posts").hidden = !seq || !channel;
    byId("all-posts").href = `#@${handle}`;
    byId("publish").hidden = !handle || !(seq ? channel && this.mayComment : this.isEditor);
    byId("policy").textContent = seq && channel && this.policy !== "open" ? t(`policy_${this.policy}`) : "";
    byId("publish-text").ariaLabel = byId("publish-text").placeholder = t(seq ? "comment" : "new_post_text");
    byId("publish-send").textContent = t(seq ? "send_comment" : "publish");
    this.drawDoors();
    this.drawUnseen();
  }

  drawDoors() {
    const own = `#@${this.chat.account?.user}`;
    byId("own-channel").href = own;
    byId("home").ariaCurrent = this.hash === "#home" ? "page" : null;
    byId("own-channel").ariaCurrent = this.hash === own ? "page" : null;
  }

  sayAbout() {
    const { channel, place } = this;
    if (!channel) return "";
    const words = [`@${place.handle}`, channel.form === "public" && t("form_public"), channel.pending && t("channel_pending"), channel.state !== "active" && t(`channel_${channel.state}`)];
    const { followers = 0, reads } = channel;
    if (!place.seq) words.push(t(followers === 1 ? "follower" : "followers", { count: followers }));
    if (!place.seq && reads !== undefined) words.push(t(reads === 1 ? "reader_today" : "readers_today", { count: reads }));
    return words.filter(Boolean).join(" · ");
  }

  render(page) {
    const { posts = [], post, featured = [], comments = [], channel = this.channel } = page;
    const chosen = featured.map((entry) => this.renderEntry(entry, channel));
    if (chosen.length) chosen.unshift(make("h2.chosen", {}, t("featured")));
    if (chosen.length && comments.length) chosen.push(make("h2.chosen", {}, t("comments")));
    return [
      ...posts.map((one) => this.renderEntry(one.entry, this.known.get(one.group), one)),
      ...(post ? [this.renderEntry(post, channel, page)] : []),
      ...chosen,
      ...comments.map((entry) => this.renderEntry(entry, channel)),
    ];
  }

  /** `about` has what an entry repeats and what the platform says about it. */
  renderEntry(entry, channel, about = {}) {
    const { kind, seq, from, redacted } = entry;
    const isComment = kind === "comment";
    const name = from.display_name || from.user;
    const moment = sayMoment(entry.ts);
    const node = make(`article.item.${kind}`, { "data-seq": seq, "data-name": `${channel.id}/${seq}`, "aria-label": `${name}, ${moment}` });
    if (seq === this.place.seq) node.classList.add("whole");
    const time = make("time", { datetime: new Date(entry.ts).toISOString() }, moment);
    const author = isComment ? make("b", {}, name) : make("a.name", { href: `#@${channel.handle}` }, make("b", {}, name));
    const tags = (from.tags ?? []).flatMap((tag) => [make("span.tag", {}, sayTag("tag", tag)), " "]);
    const head = make("header", {}, author, " ", make("small.dim", {}, `@${from.user}`), " ", ...tags, time);
    if (entry.data?.edited) head.append(" ", make("small.edited", {}, t("edited")));
    node.append(makeAvatar(from.user, name), head);
    if (isComment && entry.reply_to) node.append(make("p.quote", {}, this.sayAnswered(entry.reply_to)));
    const gone = redacted ? "deleted" : this.chat.account?.ignored?.includes(from.user) && "ignored";
    if (gone) return node.append(make("p.body.gone", {}, t(gone))), node;
    node.append(...renderSaid(entry, about.refutation));
    if (entry.data?.repost) node.append(renderOriginal(about.original));
    node.append(this.renderActs(entry, channel));
    return node;
  }

  renderActs(entry, channel) {
    const name = entry.from.display_name || entry.from.user;
    const acts = make("footer.acts");
    const add = (word, onclick, more) => acts.append(make("button.quiet", { type: "button", onclick, ...more }, t(word)));
    const isPost = entry.kind === "post";
    if (isPost && !this.place.seq) acts.append(make("a.act", { href: `#@${channel.handle}/${entry.seq}` }, t("comments")));
    if (!isPost && this.mayComment) add("reply", () => this.answer(entry), { "aria-label": t("reply_to", { name }) });
    if (!isPost && this.mayComment && entry.from.user === this.chat.account?.user) add("act_edit", () => this.answer(entry, true));
    if (isPost) add("repost", () => this.try(() => this.repost(channel, entry)));
    if (this.chat.rooms.has(channel.id)) add("delete", () => this.try(() => this.remove(channel, entry)));
    return acts;
  }

  sayAnswered(seq) {
    const answered = byId("posts").querySelector(`[data-seq="${seq}"] header b`);
    return t("reply_to", { name: answered?.textContent ?? `#${seq}` });
  }
}

/** What the platform has granted to a channel. */
function renderLabel({ kind, name, category = "" }) {
  return make(`li.tag.label-${kind}`, {}, t(`label_${kind}`, { name, category }));
}

/** What an entry says and shows, below what the platform says about it. */
function renderSaid(entry, refutation) {
  const words = renderText(entry.body, (mention) => make("a.mention", { href: `#@${mention.slice(1).toLowerCase()}` }, mention));
  const told = refutation && make("p.refuted", { role: "note" }, t("refuted", { text: refutation.text }));
  return [told, entry.body && make("div.body", {}, ...words), ...(entry.data?.media ?? []).map((one) => renderMedia(one))].filter(Boolean);
}

/** What a post repeats, as it stands now. */
function renderOriginal(original) {
  if (!original) return make("blockquote.original", {}, make("p.gone", {}, t("original_gone")));
  const { from, seq } = original.entry;
  const link = make("a.name", { href: `#@${from.user}/${seq}` }, make("b", {}, from.display_name || from.user), " ", make("small.dim", {}, `@${from.user}`));
  return make("blockquote.original", {}, link, ...renderSaid(original.entry, original.refutation));
}
