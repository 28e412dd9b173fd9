// Pictures, sound and films that go with the next post: sent at once, with how far they are, and words for who does not
// see them.

import { make } from "./dom.js";
import { sayError, t } from "./texts.js";

const MOST = 10;

export class Attachments {
  /** `input` chooses files, `list` shows them. */
  constructor(chat, input, list) {
    Object.assign(this, { chat, list });
    this.files = new Set();
    input.addEventListener("change", () => {
      for (const file of input.files) this.add(file);
      input.value = "";
    });
  }

  /** Whether something is still on its way. */
  get isBusy() {
    return [...this.files].some((file) => !file.id);
  }

  /** What the post is to show. */
  get refs() {
    return [...this.files].map(({ id, alt }) => ({ id, ...(alt.value.trim() && { alt: alt.value.trim() }) }));
  }

  clear() {
    for (const file of this.files) this.remove(file);
    this.list.replaceChildren();
  }

  async add(source) {
    if (this.files.size >= MOST) return;
    const file = { name: source.name };
    file.alt = make("input", { maxlength: 500, placeholder: t("alt"), "aria-label": `${t("alt")}: ${source.name}` });
    file.bar = make("progress", { max: 1, value: 0, "aria-label": source.name });
    file.word = make("small.complaint", { role: "alert" });
    const remove = make("button.icon", { type: "button", "aria-label": `${t("cancel")}: ${source.name}`, onclick: () => this.remove(file) }, "×");
    file.row = make("li", {}, make("span.words", {}, make("small", {}, source.name), file.bar, file.word), file.alt, remove);
    this.files.add(file);
    this.list.append(file.row);
    try {
      const { path } = await this.chat.request("upload", { size: source.size });
      const { id } = await this.send(file, path, source);
      file.id = id;
      file.bar.remove();
    } catch (error) {
      // It stays in sight with the reason, and goes with none of the posts.
      this.files.delete(file);
      file.bar.remove();
      file.word.textContent = sayError(error);
      file.alt.remove();
      file.row.classList.add("refused");
    }
  }

  remove(file) {
    file.request?.abort();
    this.files.delete(file);
    file.row.remove();
  }

  /** Send the bytes; return what the server says of them. */
  send(file, path, source) {
    return new Promise((resolve, reject) => {
      const request = (file.request = new XMLHttpRequest());
      request.open("PUT", path.replace(/^\//, ""));
      request.setRequestHeader("Accept-Language", document.documentElement.lang);
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => (file.bar.value = total ? loaded / total : 0);
      request.onload = () => (request.status === 201 ? resolve : reject)(request.response ?? { message: t("not_sent") });
      request.onerror = () => reject({ message: t("not_sent") });
      request.send(source);
    });
  }
}
