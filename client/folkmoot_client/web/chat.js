// The reader's account, groups and posts, kept true over breaks of the connection. Tells a view what changed.

import { Connection, RequestError } from "./connection.js";
import { Feed } from "./feed.js";

const TOKEN = "folkmoot.token";
const PAGE = 50;
const LONGEST_PAGE = 200;
const FAR = 1000; // further behind than this, the newest page is read instead of all that was missed
const MOST_CURSORS = 1000;
const MOST_LAST_LINES = 100; // groups whose last line is fetched at signing in
const MOST_NOTES = 20;
const TYPING_MS = 5000;
const REFRESH_MS = 400;
const TEMPORARY = new Set(["unavailable", "rate_limited", "internal", "conflict"]);
// After these the group, or the list of its members, is not what it was.
const CHANGES = new Set(
  "joined left kicked banned promoted demoted transferred tagged muted unmuted text_removed overturned rights_changed".split(" "),
);

// What a group without these fields is like; those that are one's own are as they were.
const ABSENT = { pins: [], announcement: "", locked_until_ms: 0, links: "on" };

// What one asks for before the gate, which then opens again with such an error, and the answer as its detail.
const ASIDE = { recover: "code_sent", appeal: "appealed" };

const makeNonce = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// What one's own list of sessions calls this browser.
const deviceName = () => {
  const browser = ["Firefox", "Edg", "OPR", "Chrome", "Safari"].find((name) => navigator.userAgent.includes(`${name}/`));
  const known = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser ?? "Browser";
  return `${known}, ${navigator.platform}`.slice(0, 64);
};
// Whether the server may take it for a command: a slash sign before all that is seen. The server has the last word.
const COMMAND = /^[\s\p{Default_Ignorable_Code_Point}\u2800]*[/／⁄∕⧸、](?![/／⁄∕⧸、])/u;
const mayBeCommand = (body) => COMMAND.test(body);

/** A group that the reader is in, with what the page holds of it. */
export class Room {
  constructor(group) {
    this.group = group;
    this.feed = new Feed(group.last_seq ?? 0);
    this.pending = []; // posts without an ok
    this.notes = []; // answers to commands that were not closed yet: {line, text, data}
    this.typing = new Map();
    this.failed = []; // posts that were refused and have not been taken back: with `why`
    this.members = [];
    this.fillTo = 0;
    this.isComplete = false;
    this.isSyncing = false;
  }

  get code() {
    return this.group.id;
  }

  get unread() {
    return Math.max(0, this.feed.last - (this.group.read_seq ?? 0));
  }

  /** How much of what is unread names somebody, as far as it is here. */
  mentionsOf(user) {
    const at = this.feed.entries.length - this.unread;
    return this.feed.entries.slice(Math.max(0, at)).filter(({ data }) => data?.mentions?.includes(user)).length;
  }

  /** How much of what is unread somebody wants to hear of (`/notify`); of channels there is home. */
  callsFor(user) {
    return this.group.form ? 0 : { on: this.unread, mentions: this.mentionsOf(user), off: 0 }[this.group.notify ?? "on"];
  }

  /** Whether somebody wants to be called for an entry: by what others say, as `/notify` has it. */
  wants({ kind, from, data }, user) {
    const { notify = "on", form } = this.group;
    if (form || from.user === user || !/text|action|announcement/.test(kind)) return false;
    return notify === "on" || (notify === "mentions" && data?.mentions?.includes(user));
  }

  /** The last that was said, if it is here. */
  get lastLine() {
    return this.feed.entries.findLast(({ kind }) => !["edit", "reaction", "redaction"].includes(kind));
  }

  /** Own fields that are absent are unchanged, so merging is all there is to it. */
  merge(group) {
    Object.assign(this.group, group);
  }

  restart(last) {
    this.feed.reset(last);
    this.isComplete = false;
  }
}

export class Chat {
  /** `view` has the methods `onState onSignedOut onRooms onEntries onLog onRefused onTyping onLeft onMembers onNotes onCreated onOwnData onExport onPost onRefutation onPostsMissed`. */
  constructor(url, view) {
    this.view = view;
    this.rooms = new Map();
    this.waiting = []; // those who wait for the connection
    this.account = undefined;
    this.connection = new Connection(url, {
      signIn: () => this.signIn(),
      mayRetry: (error) => !this.credentials && TEMPORARY.has(error.code),
      onEvent: (event) => this.hear(event),
      onState: (state) => this.changeState(state),
      onEnd: (error) => this.end(error),
    });
  }

  get token() {
    return localStorage.getItem(TOKEN);
  }

  request(type, fields) {
    return this.connection.request(type, fields);
  }

  /** Sign in with the token of an earlier visit. */
  resume() {
    this.credentials = undefined;
    this.connection.connect();
  }

  /** Have a code sent to a verified mobile (`fields`: user and number); the gate opens again with `code_sent`. */
  recover(fields) {
    this.enter("recover", fields);
  }

  /** Sign in by password (`type` "login") or make an account ("register"); by a `code` the password is set first. */
  enter(type, fields, code = "") {
    this.credentials = { type, fields, code };
    this.connection.connect();
  }

  async signIn() {
    const { agreement } = this.connection.hello;
    const { type, fields, code } = this.credentials ?? { type: "resume", fields: { token: this.token } };
    const { lang: language } = document.documentElement;
    const device = type === "resume" ? { language } : { language, device: deviceName() };
    const more = type === "register" ? { agreement: agreement.version, ...device } : device;
    if (type in ASIDE) {
      const detail = await this.request(type, { ...fields, language });
      throw new RequestError({ code: ASIDE[type], detail });
    }
    if (code) {
      await this.request("reset_password", { user: fields.user, code, new: fields.password, language });
      this.credentials.code = "";
    }
    const { account, token, groups } = await this.request(type, { ...fields, ...more }).catch((error) => this.askWhy(error, fields));
    this.credentials = undefined;
    localStorage.setItem(TOKEN, token);
    this.account = account;
    this.takeGroups(groups);
    await this.sync();
  }

  /** Whoever is shut out learns by the password what they were told. */
  async askWhy(error, { user, password }) {
    if (error.code === "account_suspended" && password) {
      const { lang: language } = document.documentElement;
      const { notices } = await this.request("notices", { user, password, language, limit: 5 });
      error.detail.told = notices;
    }
    throw error;
  }

  /** Appeal at the gate (`fields`: user, password, text and case); it opens again with `appealed`. */
  appeal(fields) {
    this.enter("appeal", fields);
  }

  /** Say that one has read what one is told, up to an id. */
  readTold(id) {
    return this.request("read_notices", { up_to: id });
  }

  takeGroups(groups) {
    const codes = new Set(groups.map((group) => group.id));
    for (const code of this.rooms.keys()) if (!codes.has(code)) this.rooms.delete(code);
    for (const group of groups) this.meet(group).isSyncing = true;
  }

  /** Return the room of a group, opened if it is new. */
  meet(group) {
    const known = this.rooms.get(group.id);
    if (known) known.merge({ ...ABSENT, ...group });
    else this.rooms.set(group.id, new Room(group));
    return this.rooms.get(group.id);
  }

  /** Fetch what came while the connection was away; of a group without a line on the page, the last one. */
  async sync() {
    const rooms = [...this.rooms.values()];
    const behind = rooms.filter((room) => room.feed.entries.length && room.feed.last < room.group.last_seq);
    const asked = behind.slice(0, MOST_CURSORS);
    const empty = rooms.filter((room) => !room.feed.entries.length && room.group.last_seq).slice(0, MOST_LAST_LINES);
    const cursors = Object.fromEntries([
      ...asked.map((room) => [room.code, room.feed.last]),
      ...empty.map((room) => [room.code, room.group.last_seq - 1]),
    ]);
    const { groups } = asked.length + empty.length ? await this.request("sync", { cursors }) : { groups: {} };
    for (const room of rooms) {
      room.isSyncing = false;
      this.catchUp(room, groups[room.code]);
    }
  }

  catchUp(room, missed) {
    if (!room.feed.entries.length && missed) {
      if (room.feed.last < room.group.last_seq) room.restart(room.group.last_seq);
      room.feed.prepend(missed.entries);
      this.view.onLog(room);
    } else if (missed && !missed.more) {
      this.append(room, missed.entries);
    } else if (room.feed.last < room.group.last_seq) {
      room.restart(room.group.last_seq);
      this.view.onLog(room);
    }
    if (room.feed.hasHole) this.fill(room);
  }

  changeState(state) {
    this.view.onState(state);
    if (state !== "online") return;
    for (const { resolve } of this.waiting.splice(0)) resolve();
    this.view.onRooms();
    for (const room of this.rooms.values()) this.sendNext(room);
  }

  async signOut() {
    try {
      await this.request("logout");
    } finally {
      this.connection.close();
      this.end();
    }
  }

  /** The session is over: `error` says why, unless the reader wanted it. */
  end(error) {
    localStorage.removeItem(TOKEN);
    this.account = undefined;
    this.rooms.clear();
    const over = error ?? new RequestError({ code: "not_authenticated", message: "Signed out." });
    for (const { reject } of this.waiting.splice(0)) reject(over);
    this.view.onSignedOut(error);
  }

  hear(event) {
    if (event.type === "group") {
      this.meet(event.group);
      this.view.onRooms();
    } else if (event.type === "account") {
      this.account = { ...this.account, ignored: [], ...event.account };
      this.view.onRooms();
    } else if (event.type === "case") {
      this.view.onTold(event);
    } else if (event.type === "post") {
      this.view.onPost(event);
    } else if (event.type === "refuted") {
      this.view.onRefutation(event);
    } else if (event.type === "lag" && !this.rooms.has(event.group)) {
      this.view.onPostsMissed();
    } else {
      const room = this.rooms.get(event.group);
      if (room) this.hearInRoom(room, event);
    }
  }

  hearInRoom(room, event) {
    if (event.type === "entry") this.hearEntry(room, event.entry);
    else if (event.type === "lag") this.fill(room, event.to);
    else if (event.type === "typing") this.hearTyping(room, event.user);
    else if (event.type === "left") this.forget(room, event.reason);
  }

  hearEntry(room, entry) {
    room.typing.delete(entry.from.user);
    this.append(room, [entry]);
    // What one posts oneself one has read, on every device.
    if (entry.from.user === this.account?.user) room.group.read_seq = Math.max(room.group.read_seq ?? 0, entry.seq);
    if (room.feed.hasHole && !room.isSyncing) this.fill(room);
    if (CHANGES.has(entry.data?.event)) this.refreshSoon(room);
  }

  hearTyping(room, user) {
    room.typing.set(user, Date.now() + TYPING_MS);
    this.view.onTyping(room);
    setTimeout(() => this.view.onTyping(room), TYPING_MS + 50);
  }

  forget(room, reason) {
    this.rooms.delete(room.code);
    this.view.onLeft(room, reason);
  }

  append(room, entries) {
    const ready = entries.flatMap((entry) => room.feed.take(entry));
    if (ready.length) this.view.onEntries(room, ready);
    const restored = ready.flatMap(({ data }) => data?.restored ?? []);
    if (restored.length) this.reread(room, restored);
  }

  /** Fetch entries, with their edits, that can be read again: their removal was void. */
  async reread(room, restored) {
    try {
      for (const seq of restored.flatMap((one) => room.feed.withEdits(one))) {
        const { entries } = await this.request("history", { group: room.code, before: seq + 1, limit: 1 });
        entries.forEach((entry) => room.feed.renew(entry));
      }
      this.view.onLog(room);
    } catch (error) {
      // They are read again with the rest of the log the next time.
      console.info(`folkmoot: ${error.message}`);
    }
  }

  /** Fetch the entries of a hole, or up to the seq `to`, in the background. */
  async fill(room, to = 0) {
    room.fillTo = Math.max(room.fillTo, to);
    if (room.isFilling) return;
    room.isFilling = true;
    try {
      while (room.feed.hasHole || room.feed.last < room.fillTo) await this.fillOnce(room);
    } catch (error) {
      // A broken connection is mended by `sync`; a group that one was removed from says so itself.
      console.info(`folkmoot: ${error.message}`);
    } finally {
      room.isFilling = false;
    }
  }

  async fillOnce(room) {
    if (room.fillTo - room.feed.last > FAR) return this.skip(room, room.fillTo);
    const fields = { group: room.code, after: room.feed.last, limit: LONGEST_PAGE };
    const { entries } = await this.request("history", fields);
    const next = entries[0]?.seq ?? Math.max(room.fillTo + 1, ...room.feed.waiting.keys());
    if (next > room.feed.last + 1) this.skip(room, next - 1); // what lay between has left the store
    this.append(room, entries);
  }

  skip(room, last) {
    room.restart(last);
    this.view.onLog(room);
  }

  /** Fetch a page of older entries; return those that were added. */
  async loadOlder(room, limit = PAGE) {
    if (room.isLoading || room.isComplete) return [];
    room.isLoading = true;
    try {
      const fields = { group: room.code, before: room.feed.first, limit };
      const { entries, more } = await this.request("history", fields);
      const added = room.feed.prepend(entries);
      room.isComplete = !more || room.feed.first <= 1;
      return added;
    } finally {
      room.isLoading = false;
    }
  }

  /** Post `body`, or run it as a command. Shown as pending until the server has it. */
  post(room, body, replyTo, media = []) {
    room.pending.push({ nonce: makeNonce(), body, replyTo, media });
    this.view.onEntries(room, [], true);
    this.sendNext(room);
  }

  /** One post of a room at a time, so that none overtakes another when the first has to be repeated. */
  async sendNext(room) {
    const post = room.pending[0];
    if (!post || room.isSending || this.connection.state !== "online") return;
    room.isSending = true;
    const isSettled = await this.send(room, post);
    room.isSending = false;
    if (isSettled) room.pending.shift();
    this.view.onEntries(room, []);
    this.sendNext(room);
  }

  /** Say whether the post is settled, one way or the other; if not, it is to be sent again. */
  async send(room, post) {
    try {
      await this.sendPost(room, post);
      return true;
    } catch (error) {
      if (error.code === "disconnected") return false;
      if (error.code === "unavailable" || (error.code === "rate_limited" && !mayBeCommand(post.body))) {
        await pause(error.detail.retry_after_ms ?? 1000);
        return false;
      }
      if (!this.view.onRefused(room, post, error)) room.failed.push({ ...post, why: error });
      return true;
    }
  }

  /** Post; what the server took for a command has its answer instead of an entry. */
  async sendPost(room, { body, nonce, replyTo, media }) {
    const fields = { group: room.code, body, nonce, ...(replyTo && { reply_to: replyTo }), ...(media.length && { media }) };
    const { command } = await this.request("post", fields);
    if (!command) return;
    await this.heed(room, command.data);
    if (command.text) this.tell(room, { line: body, ...command });
  }

  /** Run a line as a command in a room; what its data asks of the page is done. */
  async command(room, line) {
    const answer = await this.once("command", { line, ...(room && { group: room.code }) });
    await this.heed(room, answer.data);
    return answer;
  }

  async heed(room, data) {
    if (data.mydata && data.part === "account") this.view.onOwnData(await this.gather(data, "/mydata"));
    if (data.export) this.view.onExport(data.name, await this.gather(data, "/export", room.code));
    if (data.event === "created") this.view.onCreated(this.meet((await this.request("group", { group: data.code })).group));
  }

  /** Show the answer to a command until the reader closes it; that of an edit is to be seen in the log. */
  tell(room, note) {
    if (note.data.ts && !note.data.case) return;
    room.notes = [...room.notes, note].slice(-MOST_NOTES);
    this.view.onNotes(room);
  }

  untell(room, note) {
    room.notes = room.notes.filter((one) => one !== note);
    this.view.onNotes(room);
  }

  /** Return all pages of data whose first one has come; `line` and its `next` bring the next one. */
  async gather(first, line, group) {
    const pages = [first];
    while (pages.at(-1).next) pages.push(await this.page({ line: `${line} ${pages.at(-1).next}`, ...(group && { group }) }));
    return pages;
  }

  async page(fields) {
    for (;;) {
      try {
        return (await this.request("command", fields)).data;
      } catch (error) {
        if (error.code !== "rate_limited") throw error;
        await pause(error.detail.retry_after_ms ?? 1000);
      }
    }
  }

  /** Have the commands of a room, or of none, as the reader may use them now. */
  async loadCommands(room) {
    const holder = room ?? this;
    const asked = `${document.documentElement.lang} ${room?.group.role}`;
    if (holder.commandsFor === asked) return;
    holder.commands = (await this.request("commands", room && { group: room.code })).commands;
    holder.commandsFor = asked;
  }

  /** Let the server speak `language` too, in this account's sessions from now on. */
  speak(language) {
    return this.request("command", { line: `/lang ${language}` });
  }

  /** Ask for something that is to be done once: with the same nonce again, if the connection breaks before the answer. */
  async once(type, fields) {
    const nonce = makeNonce();
    for (;;) {
      try {
        return await this.request(type, { ...fields, nonce });
      } catch (error) {
        if (error.code !== "disconnected") throw error;
        await this.online();
      }
    }
  }

  /** Wait until the connection stands and is signed in; fails when the session is over. */
  online() {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async create(fields) {
    const { group } = await this.once("create_group", fields);
    return this.meet(group);
  }

  /** Return the room, or nothing when the request waits for approval. */
  async join(code, answer) {
    const { group } = await this.once("join", { group: code, ...(answer && { answer }) });
    return group && this.meet(group);
  }

  async leave(room) {
    await this.once("leave", { group: room.code });
    if (this.rooms.has(room.code)) this.forget(room, "left");
  }

  async markRead(room, seq) {
    if ((room.group.read_seq ?? 0) >= seq) return;
    room.group.read_seq = seq;
    this.view.onRooms();
    await this.request("mark_read", { group: room.code, seq });
  }

  /** The public part tells how many members there are now; the list is there for those who look at it. */
  refreshSoon(room) {
    room.commandsFor = "";
    clearTimeout(room.refreshTimer);
    room.refreshTimer = setTimeout(() => this.refresh(room).catch(() => undefined), REFRESH_MS);
  }

  async refresh(room) {
    const { group } = await this.request("group", { group: room.code });
    const { members, name, topic, announcement } = group;
    room.merge({ members, name, topic, announcement });
    this.view.onRooms();
    await this.loadMembers(room);
  }

  /** Return the members of a room by name, `most` at most. */
  async allMembers(room, most) {
    const found = [];
    for (let more = true; more && found.length < most; ) {
      const after = found.at(-1)?.user;
      const page = await this.request("members", { group: room.code, limit: LONGEST_PAGE, ...(after && { after }) });
      found.push(...page.members);
      more = page.more;
    }
    return found;
  }

  async loadMembers(room) {
    const { members } = await this.request("members", { group: room.code, limit: LONGEST_PAGE });
    room.members = members;
    this.view.onMembers(room);
  }
}
