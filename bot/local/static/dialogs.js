// Dialogs, the drawer on a phone, the demo clock, the language.
import { post, toast } from "./ask.js";
import { showClock } from "./events.js";

const side = document.getElementById("side");
const veil = document.getElementById("veil");
const openSide = document.getElementById("open-side");
const talkSide = document.getElementById("talk");
const phone = matchMedia("(max-width: 760px)");
let asker = null;

export function shut(dialog) {
  if (dialog.open) dialog.close();
}

export function ask(html, from) {
  const dialog = document.getElementById("asked-dialog");
  const content = document.getElementById("asked");
  content.innerHTML = html;
  const title = content.querySelector(".heading");
  if (title) {
    title.id ||= "asked-title";
    dialog.setAttribute("aria-labelledby", title.id);
  }
  asker = from;
  if (!dialog.open) dialog.showModal();
  content.querySelector("input, select, textarea, button")?.focus();
}

function drawer(open) {
  side.classList.toggle("open", open);
  veil.classList.toggle("open", open);
  openSide.setAttribute("aria-expanded", String(open));
  settle();
  if (open) document.getElementById("close-side").focus();
  else if (phone.matches) openSide.focus();
}

function settle() {
  const open = side.classList.contains("open");
  side.inert = phone.matches && !open;
  talkSide.inert = phone.matches && open;
}

async function move(to) {
  for (const dialog of document.querySelectorAll("dialog[open]")) shut(dialog);
  if (side.classList.contains("open")) drawer(false);
  const moving = document.getElementById("moving-dialog");
  moving.showModal();
  const outcome = await post("/clock", { to });
  shut(moving);
  if (outcome.clock) showClock(outcome.clock);
  toast(outcome.toast);
}

async function speak(code) {
  const outcome = await post("/persona", { language: code });
  if (outcome.go) location.assign(outcome.go);
  else toast(outcome.toast);
}

export function openers() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (event.target.matches("dialog") && event.target.id !== "moving-dialog") return shut(event.target);
    if (!button) return;
    if (button.dataset.open) document.getElementById(button.dataset.open).showModal();
    else if ("close" in button.dataset) shut(button.closest("dialog"));
    else if (button.dataset.clockTo) move(button.dataset.clockTo);
    else if (button.dataset.language) speak(button.dataset.language);
  });
  document.getElementById("clock-form").addEventListener("submit", (event) => {
    event.preventDefault();
    move(new FormData(event.target).get("to"));
  });
  document.getElementById("asked-dialog").addEventListener("close", () => {
    const stays = asker?.isConnected ? asker : document.getElementById("words");
    stays.focus({ preventScroll: true });
  });
  document.getElementById("moving-dialog").addEventListener("cancel", (event) => event.preventDefault());
  openSide.addEventListener("click", () => drawer(true));
  document.getElementById("close-side").addEventListener("click", () => drawer(false));
  veil.addEventListener("click", () => drawer(false));
  side.addEventListener("keydown", (event) => event.key === "Escape" && phone.matches && drawer(false));
  phone.addEventListener("change", settle);
  settle();
}
