// The page's own script: starts the parts.
import { listen } from "./events.js";
import { openers } from "./dialogs.js";
import { talk } from "./talk.js";
import { suggest } from "./suggest.js";
import { toEnd } from "./log.js";

openers();
talk();
suggest();
listen();
toEnd();
if (document.fonts) document.fonts.ready.then(() => toEnd());
if (matchMedia("(hover: hover)").matches) document.getElementById("words").focus({ preventScroll: true });
