// A form for any slash command, made of what the server says of it, and its answer as a card. Menus are in menus.js.

import { byId, make, renderWords } from "./dom.js";
import { inOwnTime, sayAct, sayError, sayTag, sayWord, t } from "./texts.js";

const DURATIONS = ["10m", "1h", "1d", "7d", "perm"];
const PAUSES = ["5s", "10s", "30s", "1m"];
// Of the commands that need no argument those that do something alone; the others show how things are.
const ALONE = new Set("dissolve export follow leave mydata unfollow unlock".split(" "));
// What can be done about what a command lists: the list in its data, the commands, and what each is given beforehand.
const ROWS = {
  requests: ["items", ["approve", "deny"]],
  bans: ["items", ["unban"]],
  mutes: ["items", ["unmute"]],
  warns: ["items", ["unwarn"]],
  pins: ["items", ["unpin"]],
  tag: ["items", ["tag"]],
  invites: ["invitations codes", ["uninvite"]],
  sessions: ["items", ["sessions"], { end: ["end"] }],
  queue: ["items appeals", ["queue", "queue"], { "approve|deny": ["approve", "deny"] }],
  sanctions: ["items", ["appeal", "proof"]],
  log: ["acts", []],
};
const OLDER = { log: " before ", notices: " " }; // how a line asks for what is older
const NEVER = /^(\||\[(confirm|before) .*|before|after|next)$/; // what the server itself puts into a line
const MOST_ABOVE_PX = 220; // a longer answer stands below the form
const WORD = /^[a-z]+$/;
const PLACE = /^(id|seq|number|code|case|duration)$/; // a word that stands for what one writes

/** An argument's parts as fields `{name, kind, choices, words, hint, isLong, isNeeded}`: some spell out several, as `[duration] [reason…]`. */
export function fieldsOf({ name, kind, choices = [], optional = false, rest = false }) {
  const isWhole = choices.length || name.includes(" | ");
  const parts = isWhole ? [name] : name.match(/\[[^\]]*\]+|<[^>]*>|\S+/g).filter((part) => !NEVER.test(part));
  return parts.map((part) => {
    const bare = part.replace(/^[[<]|[\]>]$/g, "");
    const ways = bare.split("|").map((way) => way.trim());
    const words = ways.filter((way) => WORD.test(way) && !PLACE.test(way));
    const areWords = ways.length > 1 && words.length === ways.length;
    const isChoice = areWords || choices.length > 0;
    const isTime = kind === "duration" || /^(duration|since)\b/.test(bare);
    return {
      name: isChoice && ways.length > 1 ? bare : ways[0].replace(/^[@±]|[…\]]+$/g, "") || "text",
      kind: isChoice ? (rest && choices.length ? "several" : "choice") : isTime ? "duration" : kind,
      choices: choices.length ? choices : ways,
      words: ways.length > 1 && !isChoice ? words : [],
      hint: /[|=±]/.test(bare) ? bare : undefined,
      isLong: /^(text|question|steps)\b.*…/.test(bare),
      isNeeded: !optional && part[0] !== "[" && !name.includes(" | "),
    };
  });
}

/** A window over the page whose content one goes into and back out of. */
export class Sheet {
  constructor() {
    this.dialog = byId("sheet");
    this.views = [];
    byId("sheet-back").addEventListener("click", () => this.back());
    byId("sheet-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => (this.views = []));
  }

  /** Show `nodes` under a title, above what is shown already. */
  push(title, ...nodes) {
    this.views.push({ title, nodes });
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
    const first = byId("sheet-body").querySelector("input, textarea, select, button:not([aria-disabled])");
    (matchMedia("(hover: hover)").matches ? first : byId("sheet-title"))?.focus();
  }

  back() {
    this.views.pop();
    if (this.views.length) this.draw();
    else this.dialog.close();
  }

  /** A form that does `work()` when it is sent, and says what went wrong; `verb` is on its button. */
  renderForm(verb, nodes, work) {
    const complaint = make("p.complaint", { role: "alert" });
    const send = make("button.primary", { type: "submit" }, verb);
    const cancel = make("button.quiet", { onclick: () => this.back() }, t("cancel"));
    const submit = async (event) => {
      event.preventDefault();
      complaint.textContent = "";
      send.disabled = true;
      try {
        await work(complaint);
      } catch (error) {
        complaint.prepend(sayError(error));
      } finally {
        send.disabled = false;
      }
    };
    return make("form", { onsubmit: submit }, ...nodes, complaint, make("div.doors", {}, cancel, send));
  }

  draw() {
    const { title, nodes } = this.views.at(-1);
    byId("sheet-title").textContent = title;
    byId("sheet-back").hidden = this.views.length < 2;
    byId("sheet-body").replaceChildren(...nodes);
  }
}

export class Acts {
  /** `getRoom()`: the group shown, if any; `onUser(user)` when a name is chosen, `onFail(error)` for what no form tells. */
  constructor(chat, { getRoom, onUser, onFail }) {
    Object.assign(this, { chat, getRoom, onUser, onFail, sheet: new Sheet() });
  }

  get room() {
    return this.getRoom();
  }

  /** What the server says of a command here, or nothing where it says nothing. */
  find(name) {
    return (this.room ?? this.chat).commands?.find((command) => command.name === name || command.aliases.includes(name));
  }

  /** Show a command: what it shows alone, and a form with `values` by the names of its fields. */
  async open(name, values = {}) {
    await this.chat.loadCommands(this.room);
    const command = this.find(name);
    if (!command) return;
    const fields = command.arguments?.flatMap(fieldsOf) ?? [];
    const shows = !ALONE.has(name) && (command.arguments ?? []).every((argument) => argument.optional);
    const shown = make("div", { role: "status" });
    const view = make("div", {}, shown);
    if (fields.length || !shows) view.append(this.renderForm(command, fields, values, shown));
    this.sheet.push(sayAct(command), view);
    if (shows && !Object.keys(values).length) await this.run(`/${name}`, shown).catch(this.onFail);
    if (shown.offsetHeight > MOST_ABOVE_PX) view.append(shown);
  }

  /** Run a line. Its answer goes into `place`; what an act did is told as if it had been typed. */
  async run(line, place) {
    const { room } = this;
    const { text, data } = await this.chat.command(room, line);
    const answer = { line, text, data };
    const isAct = data.case || data.seq || !place;
    if (isAct) this.sheet.dialog.close();
    if (isAct && room && text) this.chat.tell(room, answer);
    else if (isAct && text) this.sheet.push(line, ...this.renderAnswer(answer));
    else place?.replaceChildren(...this.renderAnswer(answer, place));
  }

  renderForm(command, fields, values, shown) {
    const inputs = fields.map((field) => renderInput(field, values[field.name], this.room));
    const line = () => [`/${command.name}`, ...inputs.map((input) => input.value.trim())].filter(Boolean).join(" ");
    const code = make("code", {}, line());
    const about = sayAct(command) === command.summary ? [] : [make("p.dim", {}, command.summary)];
    const rows = fields.flatMap((field, index) => renderField(field, inputs[index], command.name === "slow" ? PAUSES : DURATIONS));
    const typed = make("p.line", {}, make("small.dim", {}, t("as_typed")), code);
    const form = this.sheet.renderForm(t("do"), [...about, ...rows, typed], async (complaint) => {
      try {
        await this.run(line(), shown);
      } catch (error) {
        const { help } = error.detail;
        if (error.code === "confirm_required" && /^\/.* /.test(help)) complaint.append(this.renderLine(help));
        throw error;
      }
    });
    form.addEventListener("input", () => (code.textContent = line()));
    return form;
  }

  /** An answer in parts: its text with its names and seqs to click at, and what can be done about what it lists. */
  renderAnswer({ line, text, data }, place) {
    const [head, pages] = [line.split(" ")[0], OLDER[this.find(line.slice(1).split(" ")[0])?.name]];
    const older = pages && data.before ? [this.renderLine(`${head}${pages}${data.before}`, "", place)] : [];
    const undo = data.undo ? [this.renderLine(data.undo, `${t("undo")} `)] : [];
    return [make("pre", {}, ...this.renderWords(inOwnTime(text))), ...this.renderRows(line, data), ...undo, ...older];
  }

  again(line, place) {
    this.run(line, place).catch((error) => this.onFail(error));
  }

  renderWords(text) {
    return renderWords(text, (name) => this.renderName(name), this.room);
  }

  renderName(name) {
    return make("button.mention", { onclick: () => this.onUser(name.slice(1).toLowerCase()) }, name);
  }

  renderRows(line, data) {
    const [lists, names, given = {}] = ROWS[this.find(line.slice(1))?.name] ?? ["", []];
    const items = lists.split(" ").flatMap((list) => data[list] ?? []);
    const rows = items.map((item) => {
      const user = item.user ? `@${item.user}` : item.code_id;
      const number = item.number ?? item.case;
      const values = { ...item, user, number };
      const label = [...new Set([number, item.id, item.seq && `#${item.seq}`, user])].filter(Boolean).join(" ");
      const buttons = names.map((name, index) => {
        const more = Object.fromEntries(Object.entries(given).map(([key, words]) => [key, words[index]]));
        const [word] = Object.values(more);
        const open = () => this.open(name, { ...values, ...more });
        return make("button", { onclick: open }, word ? sayTag("word", word) : sayAct(this.find(name)));
      });
      if (item.undo) buttons.push(this.renderLine(item.undo, `${t("undo")} `));
      return buttons.length ? make("div.doing", {}, make("span", {}, ...this.renderWords(label)), ...buttons) : undefined;
    });
    return rows.filter(Boolean);
  }

  renderLine(line, label = "", place = undefined) {
    return make("button", { onclick: () => this.again(line, place) }, label, make("code", {}, line));
  }

  /** The answer to what one typed, as a card that stays until it is closed. */
  renderCard(note) {
    const close = () => this.chat.untell(this.room, note);
    const head = make("header", {}, make("code", {}, note.line), make("small", {}, t("only_you")),
      make("button.icon", { "aria-label": t("close"), onclick: close }, "×"));
    return make("section.note", {}, head, ...this.renderAnswer(note));
  }
}

/** The control of a field, with what is known of its value. */
function renderInput({ name, kind, choices, hint, isLong, isNeeded }, value, room) {
  const shared = { id: `field-${name}`, required: isNeeded, placeholder: /text|several/.test(kind) ? hint : undefined };
  // What is given and taken has signs: that can be ticked where it is known what there is.
  const isKnown = !hint?.startsWith("±") || value;
  if (kind === "several" && isKnown) return renderSeveral(choices, name, value);
  if (kind === "choice") {
    const options = choices.map((choice) => make("option", { value: choice, selected: choice === value }, sayWord(choice, choices)));
    return make("select", shared, ...(isNeeded ? [] : [make("option", { value: "" }, "–")]), ...options);
  }
  const input = isLong ? make("textarea", { ...shared, rows: 3 }) : make("input", { ...shared, autocomplete: "off", maxlength: 1000 });
  if (kind === "user") {
    input.setAttribute("list", "known-users");
    byId("known-users").replaceChildren(...(room?.members ?? []).map(({ user }) => make("option", { value: `@${user}` })));
  }
  input.value = value ?? "";
  return input;
}

/**
 * Words to tick, with a `value` like an input has. Where it is known which there are (`held`), it says what changes: `+a -b`;
 * else all are ticked at first, and it is nothing for all, `none` for none.
 */
function renderSeveral(choices, name, held) {
  const isHeld = (choice) => held?.includes(choice) ?? true;
  const boxes = choices.map((choice) => make("input", { type: "checkbox", value: choice, checked: isHeld(choice) }));
  const changed = () => boxes.filter((box) => box.checked !== isHeld(box.value)).map((box) => `${box.checked ? "+" : "-"}${box.value}`);
  const ticked = () => (boxes.every((box) => box.checked) ? [] : boxes.filter((box) => box.checked).map((box) => box.value));
  const rows = boxes.map((box) => make("label.check", {}, box, sayWord(box.value, choices)));
  const group = make("div.several", { role: "group", "aria-label": sayTag("arg", name) }, ...rows);
  const words = () => (held ? changed() : boxes.some((box) => box.checked) ? ticked() : ["none"]);
  Object.defineProperty(group, "value", { get: () => words().join(" ") });
  return group;
}

/** The words that a field takes, as far as they are known, or usual. */
export function readyFor({ name, kind, words = [], choices = [] }, durations = DURATIONS) {
  if (/choice|several/.test(kind)) return choices;
  return { duration: [...durations, ...words], reason: t("reasons").split("|") }[kind === "duration" ? kind : name] ?? words;
}

/** A field with its label, and words to choose instead of writing them. */
function renderField(field, input, durations) {
  const { name, kind } = field;
  const ready = /choice|several/.test(kind) ? [] : readyFor(field, durations);
  const choose = (word) => {
    input.value = word;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const chips = ready.map((word) => make("button.chip", { onclick: () => choose(word) }, sayWord(word)));
  return [make("label", { for: input.id }, name.includes("|") ? t("arg_choice") : sayTag("arg", name)), input, ...(chips.length ? [make("div.chips", {}, ...chips)] : [])];
}
