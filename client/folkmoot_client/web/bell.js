// Telling of what comes while nobody looks: a notification of the browser, a short sound. And what else this browser
// remembers about how its reader wants the page.

import { make } from "./dom.js";
import { t } from "./texts.js";

const SWITCHES = ["bell", "sound", "compact"];
const keyOf = (name) => `folkmoot.${name}`;
const isOn = (name) => localStorage.getItem(keyOf(name)) === "on";

/** Have the page look as it is wanted here. */
export const dress = () => document.body.classList.toggle("compact", isOn("compact"));

/** What can be switched on here, as boxes to tick. The browser asks about notifications, and only now. */
export const renderSwitches = () =>
  SWITCHES.map((name) => {
    const change = async ({ target }) => {
      if (name === "bell" && target.checked) target.checked = (await window.Notification?.requestPermission()) === "granted";
      localStorage.setItem(keyOf(name), target.checked ? "on" : "off");
      if (name === "sound" && target.checked) sound();
      dress();
    };
    return make("label.check", {}, make("input", { type: "checkbox", checked: isOn(name), onchange: change }), t(name));
  });

/** Tell of something by a title and a text; `hash` is where a click at it leads. */
export function tell(title, body, hash) {
  if (isOn("sound") && navigator.userActivation?.hasBeenActive) sound();
  if (!isOn("bell") || window.Notification?.permission !== "granted") return;
  const about = { body, tag: title, icon: "icon.png", data: hash };
  try {
    const told = new Notification(title, about);
    told.onclick = () => {
      window.focus();
      location.hash = hash;
    };
  } catch {
    tellByWorker(title, about);
  }
}

/** Phones take notifications from service workers alone. */
async function tellByWorker(title, about) {
  const { serviceWorker: workers } = navigator;
  if (!workers) return; // there are none without TLS
  await workers.register("sw.js");
  workers.onmessage = ({ data }) => (location.hash = data);
  await (await workers.ready).showNotification(title, about);
}

function sound() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  gain.gain.value = 0.1;
  tone.frequency.value = 660;
  tone.connect(gain).connect(audio.destination);
  tone.onended = () => audio.close();
  tone.start();
  tone.stop(0.12);
}
