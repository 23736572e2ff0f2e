// Saying, pressing, filling in, uploading.
import { post, texts, toast, upload } from "./ask.js";
import { ask, shut } from "./dialogs.js";
import { earlier, toEnd } from "./log.js";

const words = document.getElementById("words");
const DOUBLE_MS = 400;
const DOUBLE_PX = 12;
let pressedIn = "";
let last = { at: -DOUBLE_MS, x: 0, y: 0 };

function after(outcome, from) {
  if (outcome.go) return location.assign(outcome.go);
  toast(outcome.toast);
  if (outcome.dialog) ask(outcome.dialog, from);
}

export async function say(text) {
  const outcome = await post("/say", { text });
  pressedIn = "";
  after(outcome, words);
  return outcome;
}

// The second tap of a double tap would fall on whatever stands there after the first.
function secondTap(event) {
  const at = event.timeStamp;
  const near = Math.hypot(event.clientX - last.x, event.clientY - last.y) < DOUBLE_PX;
  const again = event.detail > 0 && near && at - last.at < DOUBLE_MS;
  last = { at, x: event.clientX, y: event.clientY };
  return again;
}

async function press(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  const message = button.closest("[data-message]");
  const inDialog = button.closest("dialog");
  const messageId = message ? message.dataset.message : inDialog ? pressedIn : "";
  button.setAttribute("aria-busy", "true");
  const outcome = await post("/press", { data: button.dataset.press, message_id: messageId });
  button.removeAttribute("aria-busy");
  pressedIn = messageId;
  if (inDialog && !outcome.failed) shut(inDialog);
  after(outcome, button);
}

function mark(form, errors) {
  let first = null;
  for (const field of form.querySelectorAll("[data-field]")) {
    const said = errors[field.dataset.field] || "";
    const control = field.querySelector("input, select, textarea");
    field.querySelector(".field-error").textContent = said;
    if (said) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    if (said && !first) first = control;
  }
  const general = form.querySelector(".form-error");
  general.hidden = !first;
  general.textContent = first ? texts.check_fields : "";
  first?.focus();
  return Boolean(first);
}

function range(control) {
  return texts.out_of_range.replace("{first}", control.min || "–").replace("{last}", control.max || "–");
}

function missing(form) {
  const errors = {};
  for (const field of form.querySelectorAll("[data-field]")) {
    const control = field.querySelector("input, select, textarea");
    if (control.required && !control.value.trim()) errors[field.dataset.field] = texts.fill_in;
    else if (control.value && !control.validity.valid) errors[field.dataset.field] = range(control);
  }
  return errors;
}

async function submit(form) {
  if (mark(form, missing(form)) || form.dataset.busy) return;
  form.dataset.busy = "yes";
  const values = Object.fromEntries(new FormData(form));
  const message = form.closest("[data-message]");
  const inDialog = form.closest("dialog");
  const outcome = await post("/submit", {
    data: form.dataset.submit,
    values,
    message_id: message ? message.dataset.message : pressedIn,
  });
  delete form.dataset.busy;
  if (outcome.errors && mark(form, outcome.errors)) return;
  if (outcome.failed || outcome.refused) return toast(outcome.toast);
  if (inDialog) shut(inDialog);
  after(outcome, words);
}

async function sendFile(file) {
  if (!file) return;
  after(await upload(file), words);
}

function dropping() {
  const talk = document.getElementById("talk");
  const drop = document.getElementById("drop");
  const hasFile = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    drop.hidden = true;
    sendFile(event.dataTransfer.files[0]);
  });
  talk.addEventListener("dragend", () => (drop.hidden = true));
}

export function talk() {
  const file = document.getElementById("file");
  document.getElementById("say").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = words.value;
    if (!text.trim() || words.readOnly) return;
    words.readOnly = true;
    const outcome = await say(text);
    words.readOnly = false;
    if (outcome.kept !== false) words.value = "";
    toEnd();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-submit]");
    if (!form) return;
    event.preventDefault();
    submit(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.press && !secondTap(event)) press(button);
    else if (button.dataset.say) say(button.dataset.say).then(toEnd);
    else if (button.dataset.earlier) earlier(button);
  });
  document.getElementById("attach").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    sendFile(file.files[0]);
    file.value = "";
  });
  dropping();
}
