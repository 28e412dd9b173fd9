// The small forms: found a group, join one by its code, change the password, accept a changed agreement.

import { make, showCode } from "./dom.js";
import { sayValue, t } from "./texts.js";

const MODES = ["open", "approval", "invite"];
const FORMS = {
  join: {
    verb: "join",
    hint: "join_hint",
    fields: [
      ["code", "code", { class: "code", inputmode: "numeric", placeholder: "0000-0000-0000", required: true, maxlength: 20 }],
      ["answer", "answer", { maxlength: 200 }],
    ],
  },
  create: {
    verb: "create",
    fields: [
      ["name", "name", { required: true, maxlength: 64 }],
      ["topic", "topic", { maxlength: 200 }],
      ["join_mode", "join_mode", { choices: MODES }],
    ],
  },
  change_password: {
    verb: "change_password",
    hint: "change_password_hint",
    fields: [
      ["password", "old_password", { type: "password", autocomplete: "current-password", required: true, maxlength: 1024 }],
      ["next", "new_password", { type: "password", autocomplete: "new-password", required: true, maxlength: 1024 }],
    ],
  },
  agreement: { verb: "accept", hint: "agreement_hint", fields: [] },
};

export class Dialogs {
  /** `onRoom(room)` when the reader has founded or joined one, `onDone(text)` when something else is done. */
  constructor(chat, sheet, { onRoom, onDone }) {
    Object.assign(this, { chat, sheet, onRoom, onDone });
    const opens = { "change-password": () => this.changePassword(), create: () => this.create(), join: () => this.askToJoin() };
    for (const [id, open] of Object.entries(opens)) document.getElementById(id).addEventListener("click", open);
  }

  /** Show a form; `work(values, inputs)` is done with what was filled in, and closes it unless it fails. */
  ask(name, title, work, more = []) {
    const { verb, hint, fields } = FORMS[name];
    const inputs = Object.fromEntries(fields.map(([field, , about]) => [field, renderField(field, about)]));
    const rows = fields.map(([field, label]) => make("div.field", {}, make("label", { for: `ask-${field}` }, t(label)), inputs[field]));
    const valuesOf = () => Object.fromEntries(Object.entries(inputs).map(([field, input]) => [field, input.value.trim()]));
    const form = this.sheet.renderForm(t(verb), [...(hint ? [make("p.dim", {}, t(hint))] : []), ...more, ...rows], async () => {
      await work(valuesOf(), inputs);
      this.sheet.dialog.close();
    });
    this.sheet.push(t(title), form);
    return inputs;
  }

  askToJoin(code = "") {
    const inputs = this.ask("join", "join_title", (values) => this.join(values, inputs));
    inputs.code.value = code && showCode(code);
    inputs.answer.parentNode.hidden = true;
  }

  async join({ code, answer }, inputs) {
    try {
      const room = await this.chat.join(code, answer);
      if (room) this.onRoom(room);
      else this.onDone(t("pending"));
    } catch (error) {
      if (error.code === "wrong_answer") inputs.answer.parentNode.hidden = false;
      throw error;
    }
  }

  create() {
    this.ask("create", "create_title", async ({ topic, ...fields }) => {
      this.onRoom(await this.chat.create({ ...fields, ...(topic && { topic }) }));
    });
  }

  changePassword() {
    this.ask("change_password", "change_password", async (_, { password, next }) => {
      await this.chat.request("change_password", { password: password.value, new: next.value });
      this.onDone(t("password_changed"));
    });
  }

  askToAgree() {
    if (this.sheet.dialog.open && this.isAsking) return;
    this.isAsking = true;
    this.sheet.dialog.addEventListener("close", () => (this.isAsking = false), { once: true });
    const link = make("a", { href: "agreement", target: "_blank", rel: "noopener" }, t("agreement"));
    const { version } = this.chat.connection.hello.agreement;
    this.ask("agreement", "agreement_title", () => this.chat.request("accept_agreement", { version }), [link]);
  }
}

function renderField(name, { choices, ...about }) {
  const shared = { id: `ask-${name}`, autocomplete: "off", ...about };
  if (!choices) return make("input", shared);
  return make("select", shared, ...choices.map((value) => make("option", { value }, sayValue("join_mode", value))));
}

/** Ask before something that cannot be taken back. */
export const isSure = (key, values) => window.confirm(t(key, values));
