// What the page says. The words come from the server, which has them in each language (http/page_words.py), with how
// notices are told and values as people read them. Placeholders are named: {name}.

export const FOREVER_MS = 253_402_300_799_000; // the end of the year 9999: how the rules say "for good"
const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };
const LANGUAGES = ["en", "zh-CN"];
const KEY = "folkmoot.language";

function choose() {
  const wanted = localStorage.getItem(KEY) ?? navigator.language;
  return wanted.toLowerCase().startsWith("zh") ? 1 : 0;
}

let index = choose();
let known = { words: {}, notices: {}, labels: {} };

/** The language spoken now: `en` or `zh-CN`. */
export const language = () => LANGUAGES[index];

/** Fetch what is said in the language. */
export async function loadTexts() {
  const reply = await fetch(`texts/${language()}.json`).catch(() => undefined);
  if (reply?.ok) known = await reply.json();
}

/** Speak the other language from now on, and after a reload. */
export async function switchLanguage() {
  index = 1 - index;
  localStorage.setItem(KEY, LANGUAGES[index]);
  await loadTexts();
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** The text under `key` with its placeholders filled in. */
export const t = (key, values = {}) => fill(known.words[key] ?? key, values);

/** A word under `kind_word`, or as it stands: a tag, for one, that an owner made up. */
export const sayTag = (kind, word) => known.words[`${kind}_${word}`] ?? word;

/** A value of a field as people read it. */
export const sayValue = (field, value) => known.labels[field]?.[value] ?? value;

/** One of several words that a command takes, as people read it. */
export function sayWord(word, choices = []) {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(word) ?? [];
  if (count) return sayLength(count * UNITS[unit]);
  if (word === "perm") return t("permanently");
  const table = Object.values(known.labels).find((one) => choices.length && choices.every((choice) => choice in one));
  return table?.[word] ?? sayTag("word", word);
}

/** What a command does, in a word or as the server says it. */
export const sayAct = ({ name, summary }) => known.words[`act_${name}`] ?? summary;

/** What went wrong, for a person: the server says it in the language that it was asked for. */
export const sayError = ({ code, message }) => (code === "disconnected" ? t("disconnected") : inOwnTime(message));

/** What a notice tells, in the reader's language and time zone where the page knows the event. */
export function sayNotice(entry) {
  const data = entry.data ?? {};
  const telling = known.notices[data.event];
  if (!telling) return inOwnTime(entry.body);
  const { text = telling, one, number, field, unset, each } = telling;
  const said = each?.[data.what ?? data.measure] ?? (field && !data[field] ? unset : data[number] === 1 ? one : text);
  const told = fill(said, valuesOf(data)).trim();
  return data.reason ? t("reason", { text: told, reason: data.reason }) : told;
}

/** The fields of a notice as they are read: ends and lengths of time, names, and values that have a word. */
function valuesOf(data) {
  const values = Object.entries(data).map(([name, value]) => {
    if (name === "users") return ["names", value.map((user) => `@${user}`).join(" ")];
    if (name.endsWith("_ms")) return [name.slice(0, -3), name === "until_ms" ? sayEnd(value) : sayLength(value)];
    return [name, sayValue(name, value)];
  });
  return Object.fromEntries(values);
}

export function sayEnd(ms) {
  if (!ms) return "";
  return ms >= FOREVER_MS ? t("permanently") : t("until", { time: sayMoment(ms) });
}

/** A length of time: `2 minutes 30 seconds`, `2分钟30秒钟`; of a long one the `most` largest parts. */
export function sayLength(ms, most = 4) {
  let left = Math.ceil((ms ?? 0) / 1000);
  const parts = [];
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (!count) continue;
    parts.push(new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(count));
  }
  return parts.slice(0, most).join(" ");
}

/** The reader's own kind of the language, as `en-GB`: people write their dates differently. */
const locale = () => navigator.languages.find((one) => one.slice(0, 2) === language().slice(0, 2)) ?? language();

const format = (ms, options) => new Intl.DateTimeFormat(locale(), options).format(ms);

/** A text of the server with its times, which it says in UTC, in the reader's own. */
export const inOwnTime = (text) =>
  text.replace(/\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g, (_, day, time) => sayMoment(Date.parse(`${day}T${time}Z`)));

export const sayMoment = (ms) => format(ms, { dateStyle: "medium", timeStyle: "short" });
export const sayTime = (ms) => format(ms, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A day as a heading of the log. */
export function sayDay(ms) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(ms).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return t("today");
  return days === 1 ? t("yesterday") : format(ms, { dateStyle: "full" });
}

/** A mute that concerns the reader, or an empty text; `what` may be `locked`. */
export function sayMuted(until, what = "muted") {
  if (!until || until <= Date.now()) return "";
  return until >= FOREVER_MS ? t(`${what}_forever`) : t(`${what}_until`, { until: sayMoment(until) });
}

/** Fill in every element of the document that names its text. */
export function translatePage(root) {
  document.documentElement.lang = language();
  document.title = t("title");
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of root.querySelectorAll("[data-t-title]")) node.title = t(node.dataset.tTitle);
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
}
