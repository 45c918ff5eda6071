// Key field after field. The next is here before it is needed, and what is said is kept in the browser until the
// desk has it: a page that is loaded again, or a network that is away, loses nothing that was typed.
import { Refused, ask } from "./api.js";
import { spent, tell } from "./page.js";

const desk = document.getElementById("desk");
const picture = document.getElementById("picture");
const typed = document.getElementById("typed");
const waiting = document.getElementById("waiting");
const where = document.getElementById("where");
const page = document.getElementById("page");
const mark = document.getElementById("mark");

const pace = document.getElementById("pace");

const KEPT = `digitd.unsent/${desk.dataset.desk}/`;
const AGAIN_MS = 2000;
const IDLE_MS = 5000;
const VERDICTS = { x: ["unreadable", "cannot be read"], w: ["misplaced", "wrong place"] };

/** Fields on a desk at once: who keys fast must not wait for an answer. */
const AHEAD = 4;
const asks = new URLSearchParams({ count: AHEAD });
for (const name of ["form", "why", "order"]) if (desk.dataset[name]) asks.set(name, desk.dataset[name]);
const choice = `?${asks}`;

/** Fields on this desk: the first is shown, those behind it are loaded. */
let turns = [];
let shownAt = 0;
let sending = false;
let asked = false;
let busy = false;

/** What was typed that is longer than its field, and said to be. */
let warned = "";

/** What was said before of a field that was taken back: it stands in the box, and is nobody's typing. */
let restored = "";

/** What was keyed in this sitting: fields, keys, and the time that they took. */
const sitting = { fields: 0, keys: 0, ms: 0 };

// What this person said at this desk and was not sent yet, oldest first: in this page, or in one that was closed. Each is
// kept by itself, so that pages beside each other lose nothing of each other's; sent by two of them it is said once.
const unsent = {
  list: Object.keys(localStorage)
    .filter((key) => key.startsWith(KEPT))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .sort((a, b) => a.at - b.at),
  add(one) { this.list.push(one); localStorage.setItem(KEPT + one.body.entry, JSON.stringify(one)); },
  sent() { localStorage.removeItem(KEPT + this.list.shift().body.entry); },
};

/** Take what the desk says is ours; what is shown stays where it is. */
function take(answer) {
  const said = new Set(unsent.list.map((one) => one.id));
  const known = new Map(turns.map((turn) => [turn.id, turn]));
  const shown = turns[0]?.id;
  turns = answer.turns.filter((turn) => !said.has(turn.id)).map((turn) => known.get(turn.id) ?? prepared(turn));
  turns.sort((a, b) => (b.id === shown) - (a.id === shown));
  if (answer.waiting !== undefined) waiting.textContent = answer.waiting;
  asked = true;
  if (turns[0]?.id !== shown || !turns.length) show();
}

function prepared(turn) {
  turn.image = new Image();
  turn.image.alt = `Field ${turn.field}`;
  turn.image.src = turn.picture;
  again(turn.image, turn.picture, "There is no picture of the field; look at the page.");
  turn.sheet = turns.find((other) => other.page_picture === turn.page_picture)?.sheet ?? sheet(turn);
  return turn;
}

/** The picture of a turn's page. */
function sheet(turn) {
  const image = new Image();
  image.alt = `Page ${turn.page} of ${turn.document}`;
  image.src = turn.page_picture;
  again(image, turn.page_picture, "The page cannot be shown: its file is not in the archive, or the desk does not answer.");
  return image;
}

/** Load a picture once more if it did not come, and then say so. */
function again(image, source, words) {
  image.onerror = () => {
    image.onerror = () => { image.alt = words; };
    setTimeout(() => { image.src = `${source}?again`; }, AGAIN_MS);
  };
}

/** Paint the first field. */
function show(value = "") {
  warned = "";
  restored = value;
  const turn = turns[0];
  typed.value = value;
  typed.disabled = !turn;
  mark.style.display = "none";
  if (!turn) {
    const words = document.createElement("p");
    words.textContent = unsent.list.length
      ? "What you said is kept here until the desk answers."
      : asked ? nothing() : "";
    picture.replaceChildren(words);
    where.textContent = "";
    return;
  }
  picture.replaceChildren(turn.image);
  where.textContent = `${turn.document}, page ${turn.page}: ${turn.field}`;
  shownAt = performance.now();
  typed.focus({ preventScroll: true });
  if (value) typed.select();
  requestAnimationFrame(() => setTimeout(() => showPage(turn)));
}

/** Words for an empty desk. What others have, or have left, may come here: it is asked for again. */
function nothing() {
  const others = Number(waiting.textContent);
  setTimeout(() => { if (!turns.length && !unsent.list.length) look(); }, IDLE_MS);
  return `Nothing waits for you.${others ? ` To be keyed by others, or passed over by you: ${others}.` : ""} u takes your last label back.`;
}

/** The page beside it, with the field marked; after the field itself, which is what is waited for. */
function showPage(turn) {
  if (turns[0] !== turn) return;
  const image = turn.sheet;
  if (!page.contains(image)) page.replaceChildren(image, mark);
  const place = () => {
    const { x0, y0, x1, y1 } = turn.place;
    Object.assign(mark.style, {
      display: "block", left: `${100 * x0}%`, top: `${100 * y0}%`, width: `${100 * (x1 - x0)}%`, height: `${100 * (y1 - y0)}%`,
    });
    const view = page.parentElement;
    view.scrollTop = mark.offsetTop - view.clientHeight / 2;
  };
  if (image.complete && image.naturalWidth) place();
  else image.addEventListener("load", () => { if (turns[0] === turn) place(); }, { once: true });
}

/** Say what the field that is shown is, and show the next at once. */
function say(value, verdict, words) {
  if (!turns.length) return;
  const body = { value, verdict, duration_ms: spent(shownAt), entry: entry() };
  const turn = turns.shift();
  tally(1, value.length + 1, body.duration_ms);
  unsent.add({ id: turn.id, field: turn.field, at: Date.now(), body });
  count(-1);
  tell(`${words} for ${turn.field}.`);
  show();
  send();
}

/** Count what was keyed, and tell how fast it goes. */
function tally(fields, keys, ms) {
  sitting.fields += fields;
  sitting.keys += keys;
  sitting.ms += ms;
  const each = (total) => (total / sitting.fields).toFixed(1);
  pace.textContent = sitting.fields ? `${sitting.fields} keyed, ${each(sitting.ms / 1000)} s and ${each(sitting.keys)} keys each` : "";
}

/** A name for one act of saying: 128 random bits. (`crypto.randomUUID` is there by https only.) */
function entry() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Change the number that is shown of those that wait. */
function count(by) {
  waiting.textContent = Math.max(0, Number(waiting.textContent) + by);
}

/** Send what was said, in order; again and again where nobody answers. */
async function send() {
  if (sending) return;
  sending = true;
  while (unsent.list.length) {
    const one = unsent.list[0];
    try {
      const answer = await ask("POST", `/fields/${one.id}/label${choice}`, one.body);
      unsent.sent();
      take(answer);
    } catch (refused) {
      if (!(refused instanceof Refused) || [0, 401, 429].includes(refused.status) || refused.status >= 500) {
        tell(`Not saved yet: ${unsent.list.length}. ${refused.message}; it is tried again.`, true);
        setTimeout(send, AGAIN_MS);
        break;
      }
      unsent.sent();
      tell(`${one.body.value || one.body.verdict} is not saved for ${one.field}: ${refused.message}.`, true);
      await look();
    }
  }
  sending = false;
}

/** Ask what is on this desk. */
async function look() {
  try {
    take(await ask("POST", `/turns${choice}`));
  } catch (refused) {
    tell(`${refused.message}; it is tried again.`, true);
    setTimeout(look, AGAIN_MS);
  }
}

async function skip() {
  const turn = turns.shift();
  if (!turn) return;
  tell(`${turn.field} is passed over.`);
  show();
  try {
    take(await ask("POST", `/fields/${turn.id}/skip${choice}`));
  } catch (refused) {
    tell(`${turn.field} is not passed over: ${refused.message}.`, true);
    await look();
  }
}

async function undo() {
  if (unsent.list.length || busy) {
    tell("What was said last is not saved yet; a moment.", true);
    return;
  }
  busy = typed.disabled = true;  // what is typed now belongs to neither field
  try {
    const answer = await ask("POST", `/undo${choice}`);
    const [first] = answer.turns;
    turns = turns.filter((turn) => turn.id !== first.id);
    turns.unshift(prepared(first));
    take(answer);
    count(1);
    if (sitting.fields) tally(-1, 1, 0);  // the time and the keys were spent
    show(answer.said);
    tell(`Taken back: ${answer.said || "what was said"} for ${first.field}.`);
  } catch (refused) {
    tell(`${refused.message[0].toUpperCase()}${refused.message.slice(1)}.`, refused.status !== 404);
  } finally {
    busy = false;
    typed.disabled = !turns.length;
    typed.focus({ preventScroll: true });
  }
}

const KEYS = {
  b: () => say("", "value", "Blank"),
  x: () => say("", ...VERDICTS.x),
  w: () => say("", ...VERDICTS.w),
  s: skip,
  u: undo,
};

function press(key) {
  if (busy) return;
  if (typed.value && typed.value !== restored) tell("There are digits: Enter saves them, Escape takes them away.");
  else KEYS[key]();
}

document.getElementById("keying").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!turns.length || busy) return;
  const { longest } = turns[0];
  if (longest && typed.value.length > longest && warned !== typed.value) {
    warned = typed.value;
    tell(`The form has room for ${longest} ${longest === 1 ? "digit" : "digits"} there: Enter once more if it is so.`, true);
  } else if (typed.value) say(typed.value, "value", typed.value);
  else tell("Type the digits first; b if nothing is written there.");
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key in KEYS) {
    event.preventDefault();
    if (!event.repeat) press(key);
  } else if (key === "escape") {
    typed.value = "";
    typed.focus();
  } else if (/^[0-9]$/.test(key) && event.target !== typed) {
    typed.focus();  // the digit goes there
  } else if (key.length === 1 && !/[0-9]/.test(key) && event.target === typed) {
    event.preventDefault();
    tell("Digits only; the letters are below.");
  }
});

// What is pasted, or comes from a keyboard on the screen.
typed.addEventListener("input", () => { typed.value = typed.value.replace(/\D/g, ""); });

for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", () => { press(button.dataset.key); typed.focus(); });
}

if (unsent.list.length) await send();
if (!asked) await look();
