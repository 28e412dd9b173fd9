// The small windows: found a group, join one by its code, accept a changed agreement.

import { byId, showCode } from "./dom.js";
import { sayError, t } from "./texts.js";

/** Let a dialog's form do `work(form)`; it closes when that succeeds and says what went wrong when not. */
function wire(id, work) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  const complaint = dialog.querySelector(".complaint");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    complaint.textContent = "";
    try {
      await work(form.elements);
      dialog.close();
    } catch (error) {
      complaint.textContent = sayError(error);
    }
  });
  dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    form.reset();
    complaint.textContent = "";
  });
  return dialog;
}

export class Dialogs {
  /** `onRoom(room)` when the reader has founded or joined one, `onDone(text)` when something else is done. */
  constructor(chat, { onRoom, onDone }) {
    Object.assign(this, { chat, onRoom, onDone });
    this.creating = wire("create-dialog", (fields) => this.create(fields));
    this.joining = wire("join-dialog", (fields) => this.join(fields));
    this.agreeing = wire("agreement-dialog", () => this.agree());
    this.securing = wire("password-dialog", (fields) => this.changePassword(fields));
    byId("change-password").addEventListener("click", () => this.changePasswordNow());
    byId("create").addEventListener("click", () => this.creating.showModal());
    byId("join").addEventListener("click", () => this.askToJoin());
  }

  changePasswordNow() {
    this.securing.showModal();
  }

  askToJoin(code = "") {
    byId("join-code").value = code && showCode(code);
    byId("join-answer-row").hidden = true;
    this.joining.showModal();
  }

  askToAgree() {
    if (!this.agreeing.open) this.agreeing.showModal();
  }

  async create({ name, topic, join_mode: mode }) {
    const about = topic.value.trim();
    const fields = { name: name.value.trim(), join_mode: mode.value, ...(about && { topic: about }) };
    this.onRoom(await this.chat.create(fields));
  }

  async join({ code, answer }) {
    try {
      const room = await this.chat.join(code.value.trim(), answer.value.trim());
      if (room) this.onRoom(room);
      else this.onDone(t("pending"));
    } catch (error) {
      if (error.code === "wrong_answer") byId("join-answer-row").hidden = false;
      throw error;
    }
  }

  async changePassword({ old_password: password, new_password: next }) {
    await this.chat.request("change_password", { password: password.value, new: next.value });
    this.onDone(t("password_changed"));
  }

  async agree() {
    await this.chat.request("accept_agreement", { version: this.chat.connection.hello.agreement.version });
  }
}

/** Ask before something that cannot be taken back. */
export const isSure = (key, values) => window.confirm(t(key, values));
