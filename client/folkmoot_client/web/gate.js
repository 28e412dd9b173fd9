// The way in: signing in and making an account.

import { renderNotice } from "./box.js";
import { byId, make } from "./dom.js";
import { sayError, sayMoment, t } from "./texts.js";

export class Gate {
  constructor(chat) {
    this.chat = chat;
    byId("gate-form").addEventListener("submit", (event) => this.submit(event));
    byId("send-code").addEventListener("click", () => this.sendCode());
    for (const choice of document.getElementsByName("way")) choice.addEventListener("change", () => this.turn());
    this.turn();
  }

  get way() {
    return document.querySelector('input[name="way"]:checked').value;
  }

  /** Show what the chosen way asks for. */
  turn() {
    const isNew = this.way === "register";
    const isReset = this.way === "reset";
    for (const node of document.querySelectorAll(".for-new")) node.hidden = !isNew;
    for (const node of document.querySelectorAll(".for-reset")) node.hidden = !isReset;
    byId("agree").required = isNew;
    byId("reset-code").required = isReset;
    byId("password").autocomplete = isNew || isReset ? "new-password" : "current-password";
    byId("enter").textContent = t(isNew ? "register" : "sign_in");
    this.complain("");
  }

  submit(event) {
    event.preventDefault();
    const fields = { user: byId("user").value.trim().toLowerCase(), password: byId("password").value };
    const shown = byId("display-name").value.trim();
    const invitation = byId("invitation").value.trim();
    const forNew = { ...(shown && { display_name: shown }), ...(invitation && { invitation }) };
    byId("enter").disabled = true;
    this.complain("");
    if (this.way === "register") this.chat.enter("register", { ...fields, ...forNew });
    else this.chat.enter("login", this.withOtp(fields), this.way === "reset" ? byId("reset-code").value : "");
  }

  /** Have a code sent to the mobile, and stay here for it. */
  sendCode() {
    const user = byId("user").value.trim().toLowerCase();
    const number = byId("reset-number").value.trim();
    if (!user || !number) return this.complain(t("name_both"));
    byId("enter").disabled = byId("send-code").disabled = true;
    this.chat.recover({ user, number });
  }

  /** The fields with a code, where the account has asked for one. */
  withOtp(fields) {
    const otp = byId("otp").value.trim();
    return otp ? { ...fields, otp } : fields;
  }

  /** Ask for a code, or no more. */
  askOtp(isAsked) {
    for (const node of document.querySelectorAll(".for-otp")) node.hidden = !isAsked;
    byId("otp").value = "";
    if (isAsked) byId("otp").focus();
  }

  /** To who is shut out: why, until when, by which rule, and how to appeal against it. */
  showShut({ case: about, told = [] }) {
    const plea = make("textarea", { id: "plea", rows: 3, maxlength: 4000 });
    const send = () => {
      const fields = { user: byId("user").value.trim().toLowerCase(), password: byId("password").value, text: plea.value, case: about };
      if (byId("gate-form").reportValidity()) this.chat.appeal(fields);
    };
    const form = [make("label", { for: "plea" }, t("plea")), plea, make("button", { onclick: send }, t("act_appeal"))];
    byId("shut").replaceChildren(make("ul", {}, ...told.map((one) => renderNotice(one))), ...form);
    byId("shut").hidden = false;
  }

  /** Open the gate again; `error` says why the reader stands before it. */
  open(error) {
    byId("enter").disabled = byId("send-code").disabled = false;
    byId("shut").hidden = error?.code !== "account_suspended" && error?.code !== "disconnected";
    if (error?.code === "code_sent") return this.complain(t("code_sent"));
    if (error?.code === "appealed") return this.complain(t("appeal_made", { case: error.detail.case, time: sayMoment(error.detail.due_ms) }));
    if (error?.code === "account_suspended") this.showShut(error.detail);
    this.askOtp(error?.code === "otp_required" || error?.detail?.rule === "second_factor");
    if (error) this.complain(sayError(error) || t("revoked", { reason: t("session_over") }));
  }

  /** The reader is in: nothing of the password stays on the page. */
  passed() {
    byId("gate-form").reset();
    byId("shut").hidden = true;
    this.turn();
    byId("enter").disabled = false;
  }

  complain(text) {
    byId("gate-complaint").textContent = text;
  }
}
