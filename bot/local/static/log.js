// The log of messages: puts in what the server rendered, and keeps the reader where they are.
import { here, me } from "./ask.js";

const log = document.getElementById("log");
const NEAR = 160;

export function toEnd() {
  log.scrollTop = log.scrollHeight;
}

function nearEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function shownSince(before, follow) {
  if (!follow) return;
  toEnd();
  for (const image of before.querySelectorAll("img")) image.addEventListener("load", toEnd, { once: true });
}

export function add(html, own) {
  const follow = nearEnd() || own;
  const content = parsed(html);
  const message = content.querySelector("article");
  if (message.id && document.getElementById(message.id)) return change(html);
  log.querySelector(".empty")?.remove();
  const last = [...log.querySelectorAll(".message")].at(-1);
  if (last && last.dataset.day === message.dataset.day) content.querySelector(".day")?.remove();
  message.classList.add("new");
  log.append(content);
  shownSince(message, follow);
}

export function change(html) {
  const fresh = parsed(html).querySelector("article");
  const old = document.getElementById(fresh.id);
  if (!old) return;
  const follow = nearEnd();
  const focused = old.contains(document.activeElement);
  const press = focused ? document.activeElement.dataset.press : "";
  fresh.classList.toggle("follows", old.classList.contains("follows"));
  fresh.classList.add("fresh");
  old.replaceWith(fresh);
  if (focused) {
    const same = press && fresh.querySelector(`[data-press="${CSS.escape(press)}"]`);
    (same || fresh).focus({ preventScroll: true });
  }
  shownSince(fresh, follow);
}

// What was there before is read, not announced.
function quietly(change) {
  log.setAttribute("aria-live", "off");
  change();
  setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
}

function address(before) {
  const query = new URLSearchParams({ as: me, in: here });
  if (before) query.set("before", before);
  return `/log?${query}`;
}

export async function reload() {
  const response = await fetch(address());
  if (!response.ok) return;
  const html = await response.text();
  quietly(() => log.replaceChildren(parsed(html)));
  toEnd();
}

export async function earlier(button) {
  const response = await fetch(address(button.dataset.earlier));
  if (!response.ok) return;
  const first = log.querySelector(".message");
  const height = log.scrollHeight;
  const html = await response.text();
  button.closest(".earlier").remove();
  quietly(() => log.prepend(parsed(html)));
  log.scrollTop += log.scrollHeight - height;
  first?.focus({ preventScroll: true });
}
