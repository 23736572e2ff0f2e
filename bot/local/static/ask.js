// Requests to the page's own server, its texts, and short notices.
const token = document.querySelector('meta[name="dasi-token"]').content;
export const texts = JSON.parse(document.getElementById("page-words").textContent);
export const commands = JSON.parse(document.getElementById("page-commands").textContent);
export const me = document.body.dataset.as;
export const here = document.body.dataset.in;

const WORKING_AFTER = 1000;
const TOAST_STAYS = 7000;
let running = 0;

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function toast(text) {
  if (!text) return;
  const box = document.getElementById("toasts");
  const modal = document.querySelector("dialog[open]");
  (modal || document.body).append(box); // above a dialog that is open
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = text;
  box.append(line);
  setTimeout(() => line.remove(), TOAST_STAYS);
  while (box.children.length > 3) box.firstElementChild.remove();
}

function working(on) {
  const line = document.getElementById("working");
  line.textContent = on ? texts.working : "";
  line.classList.toggle("on", on);
}

async function send(path, options) {
  running += 1;
  const timer = setTimeout(() => working(true), WORKING_AFTER);
  try {
    const response = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      ...options,
      headers: { "X-Dasi-Token": token, ...options.headers },
    });
    const kind = response.headers.get("content-type") || "";
    if (!kind.includes("json")) throw new Error(`answer ${response.status}`);
    return await response.json();
  } catch {
    return { toast: texts.failed, kept: false, failed: true };
  } finally {
    clearTimeout(timer);
    running -= 1;
    if (!running) working(false);
  }
}

export function post(path, values) {
  return send(path, {
    body: JSON.stringify({ as: me, in: here, key: newKey(), ...values }),
    headers: { "Content-Type": "application/json" },
  });
}

export function upload(file) {
  const query = new URLSearchParams({ as: me, in: here, key: newKey(), name: file.name });
  return send(`/upload?${query}`, { body: file, headers: { "Content-Type": "application/octet-stream" } });
}
