// Pictures, sound and films: those that go with the next post, sent at once, with how far they are and words for who
// does not see them; and those that entries show.

import { make } from "./dom.js";
import { sayError, t } from "./texts.js";

const MOST = 10;
const MOST_ASKED = 100;
const RENEW_MS = 60_000; // an address holds ten minutes at least

export class Attachments {
  /** `input` chooses files, `list` shows them; they can be pasted and dropped anywhere in the part of the page around. */
  constructor(chat, input, list) {
    Object.assign(this, { chat, list });
    this.files = new Set();
    const zone = input.closest("section");
    const take = (event, { files }) => {
      if (!files.length || input.form.hidden) return;
      event.preventDefault();
      for (const file of files) this.add(file);
    };
    input.addEventListener("change", (event) => {
      take(event, input);
      input.value = "";
    });
    zone.addEventListener("paste", (event) => take(event, event.clipboardData));
    zone.addEventListener("drop", (event) => take(event, event.dataTransfer));
    zone.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
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

const thumbOf = (path) => path.replace(/(?=\?)|$/, "/thumb");

/** What an entry shows: the small picture, and the whole one behind it. What channels show everybody may fetch so. */
export function renderMedia({ id, type, alt = "" }, path = `media/${encodeURIComponent(id)}`, onclick = undefined) {
  const kind = type.split("/")[0];
  const thumb = thumbOf(path);
  const playing = { controls: true, preload: "none", src: path, "aria-label": alt };
  if (kind === "video") return make("video.shown", { ...playing, poster: thumb });
  if (kind === "audio") return make("audio.shown", playing);
  const picture = make("img.shown", { src: thumb, alt, loading: "lazy" });
  return make("a", { href: path, target: "_blank", rel: "noopener", onclick }, picture);
}

const waiting = [];
const pathsOf = async (chat, ids) => (await chat.request("media", { ids }).catch(() => ({ paths: {} }))).paths;
const bare = (path) => path.replace(/^\//, "");

/** What does not load has a path that ended, as after an hour: ask for it anew, but not over and over. */
async function renew(chat, { id }, node) {
  const { currentTime } = node;
  if (node.renewedAt > Date.now() - RENEW_MS) return;
  node.renewedAt = Date.now();
  const { [id]: path } = await pathsOf(chat, [id]);
  if (!path) return;
  node.src = node.play ? bare(path) : thumbOf(bare(path));
  node.play?.().catch(() => undefined); // nothing is loaded but for who wants to hear or see it
  if (currentTime) node.currentTime = currentTime;
}

/** Show media of a group in a `place`, by paths that are one's own and end after a while: asked for together, and anew by a click. */
export function showMedia(chat, media, place) {
  if (waiting.push([media, place]) > 1) return;
  queueMicrotask(async () => {
    const all = waiting.splice(0);
    const paths = await pathsOf(chat, all.flatMap(([files]) => files.map(({ id }) => id)).slice(-MOST_ASKED));
    for (const [files, shown] of all) {
      for (const file of files.filter(({ id }) => paths[id])) {
        const open = async (event) => {
          event.preventDefault();
          const { [file.id]: path } = await pathsOf(chat, [file.id]);
          if (path) window.open(bare(path), "_blank", "noopener");
        };
        const node = renderMedia(file, bare(paths[file.id]), open);
        shown.append(node);
        (node.querySelector("img") ?? node).addEventListener("error", ({ target }) => renew(chat, file, target));
      }
    }
  });
}
