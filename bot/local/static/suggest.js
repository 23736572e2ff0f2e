// Commands offered while a person types, in both languages: a combobox.
import { commands } from "./ask.js";

const words = document.getElementById("words");
const list = document.getElementById("suggestions");
let chosen = -1;

function matches(text) {
  if (!text.startsWith("/") || /\s/.test(text)) return [];
  const wanted = text.slice(1).toLowerCase();
  return commands
    .map((command) => ({ ...command, word: command.words.find((word) => word.startsWith(wanted)) }))
    .filter((command) => command.word)
    .map((command) => ({ ...command, word: wanted ? command.word : command.name }));
}

function option(command, index) {
  const line = document.createElement("li");
  line.id = `suggestion-${index}`;
  line.role = "option";
  line.dataset.word = command.word;
  for (const [name, text] of [["word", `/${command.word}`], ["summary", command.summary]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    line.append(part, " ");
  }
  return line;
}

function choose(index) {
  const options = [...list.children];
  chosen = options.length ? (index + options.length) % options.length : -1;
  options.forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
  if (chosen < 0) return words.removeAttribute("aria-activedescendant");
  words.setAttribute("aria-activedescendant", options[chosen].id);
  options[chosen].scrollIntoView({ block: "nearest" });
}

function hide() {
  list.hidden = true;
  list.replaceChildren();
  words.setAttribute("aria-expanded", "false");
  words.removeAttribute("aria-activedescendant");
  chosen = -1;
}

function show() {
  const found = matches(words.value);
  if (!found.length) return hide();
  list.replaceChildren(...found.map(option));
  list.hidden = false;
  words.setAttribute("aria-expanded", "true");
  choose(0);
}

function take(line) {
  words.value = `/${line.dataset.word} `;
  hide();
  words.focus();
}

function typed() {
  return words.value.trim() === `/${list.children[chosen]?.dataset.word}`;
}

export function suggest() {
  words.addEventListener("input", show);
  words.addEventListener("blur", () => setTimeout(hide, 150));
  words.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") hide();
    else if (event.key === "Tab" && !event.shiftKey && !typed()) take(list.children[chosen]);
    else if (event.key === "Enter" && !typed()) take(list.children[chosen]);
    else return event.key === "Enter" && hide();
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const line = event.target.closest("li");
    event.preventDefault();
    if (line) take(line);
  });
  document.getElementById("say").addEventListener("submit", hide);
}
