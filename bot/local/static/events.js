// The stream of what happens; the browser reconnects by itself and says how far it had come.
import { here, me, texts, toast } from "./ask.js";
import { add, change, reload } from "./log.js";

let lost = false;

function badge(place) {
  const link = document.querySelector(`[data-place="${CSS.escape(place)}"]`);
  const mark = link?.querySelector(".badge");
  if (!mark) return;
  const count = Math.min(99, Number(mark.dataset.badge) + 1);
  mark.dataset.badge = count;
  mark.firstElementChild.textContent = count;
  mark.querySelector("[data-badge-words]").textContent = texts.unread.replace("{n}", count);
  mark.hidden = false;
}

export function showClock(clock) {
  for (const place of document.querySelectorAll("[data-clock]")) place.textContent = clock.text;
  for (const place of document.querySelectorAll("[data-hours]")) place.textContent = clock.hours;
  const field = document.getElementById("clock-to");
  if (field && document.activeElement !== field) {
    field.min = clock.local;
    if (field.value < clock.local) field.value = clock.local;
  }
}

export function listen() {
  const since = document.getElementById("log").dataset.mark;
  const stream = new EventSource(`/events?${new URLSearchParams({ as: me, in: here, since })}`);
  const on = (kind, act) => stream.addEventListener(kind, (event) => act(JSON.parse(event.data)));
  on("message", (data) => {
    if (data.html) add(data.html, !data.dasi);
    else if (data.dasi) badge(data.place);
  });
  on("changed", (data) => data.html && change(data.html));
  on("note", (data) => add(data.html, true));
  on("clock", showClock);
  stream.addEventListener("reload", (event) => {
    const restarted = event.lastEventId.split("-")[0] !== since.split("-")[0];
    const busy = document.getElementById("words").value || document.querySelector("dialog[open]");
    if (restarted && !busy) location.reload();
    else reload();
  });
  stream.addEventListener("open", () => {
    if (lost) toast(texts.back);
    lost = false;
  });
  stream.addEventListener("error", () => {
    if (!lost) toast(texts.lost);
    lost = true;
  });
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
