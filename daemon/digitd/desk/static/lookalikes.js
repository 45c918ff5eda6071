// A hundred glyphs that were read as one digit: press those that are not, one key for all others.
import { ask } from "./api.js";
import { spent, tell } from "./page.js";

const digit = Number(document.getElementById("desk").dataset.digit);
const glyphs = document.getElementById("glyphs");
const waiting = document.getElementById("waiting");
const where = document.getElementById("where");
const picture = document.getElementById("picture");
const page = document.getElementById("page");

/** No more of those that wait are counted. */
const COUNTED = 10000;

let screen = null;
let shownAt = 0;
let busy = false;

/** Fetch the next screen and paint it. */
async function open(words = "", wrong = false) {
  try {
    screen = await ask("POST", "/lookalikes", { digit });
  } catch (refused) {
    screen = null;
    glyphs.replaceChildren();
    waiting.textContent = "0";
    tell(refused.status === 404 ? `${words} No ${digit} waits any more.`.trim() : `${refused.message}.`, refused.status !== 404);
    return;
  }
  paint();
  tell(words, wrong);
}

/** Show the screen that is there now. */
function paint() {
  waiting.textContent = `${screen.waiting}${screen.waiting < COUNTED ? "" : "+"}`;
  const rows = Math.ceil(screen.items.length / screen.columns);
  glyphs.style.setProperty("--sheet", `url(${screen.picture})`);
  glyphs.style.setProperty("--columns", screen.columns);
  glyphs.style.setProperty("--rows", rows);
  glyphs.replaceChildren(...screen.items.map(button));
  for (const place of screen.marked) toggle(glyphs.children[place]);
  look(null);
  shownAt = performance.now();
  glyphs.firstElementChild?.focus({ preventScroll: true });
}

function button(item, place) {
  const one = document.createElement("button");
  one.type = "button";
  one.className = "glyph";
  one.setAttribute("aria-pressed", "false");
  one.setAttribute("aria-label", `${place + 1}: ${item.field} of ${item.document}`);
  one.style.setProperty("--x", place % screen.columns);
  one.style.setProperty("--y", Math.floor(place / screen.columns));
  one.tabIndex = place ? -1 : 0;
  one.addEventListener("click", () => { toggle(one); one.focus(); });
  one.addEventListener("focus", () => {
    for (const other of glyphs.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    one.tabIndex = 0;
  });
  return one;
}

function toggle(one) {
  one.setAttribute("aria-pressed", one.getAttribute("aria-pressed") !== "true");
  const count = marked().length;
  tell(count ? `${count} ${count === 1 ? "is" : "are"} not a ${digit}.` : "");
}

function marked() {
  return [...glyphs.children].flatMap((one, place) => (one.getAttribute("aria-pressed") === "true" ? [place] : []));
}

/** Say what was seen, and go on. A screen stays as it is until the desk has heard. */
async function confirm() {
  if (!screen || busy) return;
  busy = true;
  try {
    const came = await ask("POST", `/lookalikes/${screen.id}`, { marked: marked(), duration_ms: spent(shownAt) });
    await open(came.missed
      ? `${came.missed === 1 ? "One that was known to be another" : `${came.missed} that were known to be others`} stayed: they come again. Look once more.`
      : `${came.verified} ${came.verified === 1 ? "field" : "fields"} verified${came.doubted ? `, ${came.doubted} to be keyed` : ""}.`, came.missed > 0);
  } catch (refused) {
    if (refused.status === 404 || refused.status === 409) await open(`Not confirmed: ${refused.message}.`);
    else tell(`Not confirmed yet: ${refused.message}. Enter tries again.`, true);
  } finally {
    busy = false;
  }
}

/** Take the last screen back; it may have been one of another digit. Marks of this one are not thrown away. */
async function undo() {
  if (busy) return;
  const now = marked();
  if (now.length && now.join() !== screen.marked.join()) {
    tell("There are marks: take them away first, or Enter confirms the others.");
    return;
  }
  busy = true;
  try {
    const taken = await ask("POST", "/lookalikes/undo");
    if (taken.digit !== digit) {
      location.assign(`/lookalikes/${taken.digit}`);
      return;
    }
    screen = taken;
    paint();
    tell("Taken back: this screen is as you left it.");
  } catch (refused) {
    tell(`${refused.message[0].toUpperCase()}${refused.message.slice(1)}.`, refused.status !== 404);
  } finally {
    busy = false;
  }
}

/** Show where a glyph comes from, or nothing. */
function look(place) {
  const item = place === null ? null : screen?.items[place];
  where.textContent = item ? `${item.document}, page ${item.page}: ${item.field}` : "";
  picture.replaceChildren(...(item ? [image(item.picture, `Field ${item.field}`)] : []));
  page.replaceChildren(...(item ? [image(item.page_picture, `Page ${item.page} of ${item.document}`)] : []));
}

function image(source, words) {
  const made = new Image();
  made.alt = words;
  made.src = source;
  made.onerror = () => { made.alt = `${words}: it was deleted after its time.`; };
  return made;
}

function current() {
  return [...glyphs.children].indexOf(document.activeElement);
}

document.getElementById("confirm").addEventListener("click", confirm);
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("look").addEventListener("click", () => look([...glyphs.children].findIndex((one) => one.tabIndex === 0)));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.toLowerCase() === "u" && !event.repeat) undo();
  if (!screen) return;
  const at = current();
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: screen.columns, ArrowUp: -screen.columns }[event.key];
  if (step !== undefined && at >= 0) {
    event.preventDefault();
    glyphs.children[at + step]?.focus();
  } else if (event.key === "Home" || event.key === "End") {
    event.preventDefault();
    (event.key === "Home" ? glyphs.firstElementChild : glyphs.lastElementChild)?.focus();
  } else if (event.key === "Enter" && (at >= 0 || event.target === document.body)) {
    event.preventDefault();
    if (!event.repeat) confirm();
  } else if (event.key.toLowerCase() === "p" && at >= 0) {
    look(at);
  }
});

await open();
