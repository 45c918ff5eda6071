// A document: its pages, with what was read in its place. What waits to be keyed is marked, and not told. A value that
// looks wrong is sent to be keyed; what is right as it stands is approved.
import { ask } from "./api.js";
import { tell } from "./page.js";

const number = document.getElementById("desk").dataset.document;
const pages = document.getElementById("pages");
const approve = document.getElementById("approve");
const doubt = document.getElementById("doubt");
const state = document.getElementById("state");

function sheet({ number: page, width_px, height_px, reason }, values) {
  const figure = document.createElement("figure");
  figure.className = "sheet";
  const image = new Image();
  image.alt = `Page ${page}`;
  image.style.aspectRatio = `${width_px} / ${height_px}`;  // values are in their place before it comes
  image.src = `/api/v1/documents/${number}/pages/${page}/picture`;
  image.onerror = () => { image.alt = `Page ${page}: its file is not in the archive any more.`; };
  const list = document.createElement("ul");
  list.setAttribute("aria-label", `Fields of page ${page}`);
  list.append(...values.map(placed));
  const frame = document.createElement("div");
  frame.className = "frame";
  frame.append(image, list);
  figure.append(...(reason ? [doubtOf(page, reason)] : []), frame);
  return figure;
}

function doubtOf(page, reason) {
  const words = document.createElement("figcaption");
  words.textContent = `Page ${page}: ${reason}`;
  return words;
}

function placed(value) {
  const { x0, y0, x1, y1 } = value.place;
  const item = document.createElement("li");
  const one = document.createElement("button");
  const waits = value.state === "review";
  one.type = "button";
  one.className = `value ${value.state}`;
  one.disabled = waits;
  one.dataset.field = value.id;
  one.setAttribute("aria-pressed", "false");
  Object.assign(one.style, { left: `${100 * x0}%`, top: `${100 * y0}%`, width: `${100 * (x1 - x0)}%`, height: `${100 * (y1 - y0)}%` });
  const words = document.createElement("span");
  words.textContent = waits ? "?" : value.value || "\u2013";
  one.append(words);
  const sure = value.confidence === null ? "" : `, ${(100 * value.confidence).toFixed(1)} % sure`;
  const what = waits ? "waits to be keyed" : `${value.value || "blank"}, ${value.state}${sure}`;
  one.title = `${value.field}: ${what}${value.reason ? `, ${value.reason}` : ""}`;
  one.setAttribute("aria-label", one.title);
  one.addEventListener("click", () => toggle(one));
  item.append(one);
  return item;
}

function toggle(one) {
  one.setAttribute("aria-pressed", one.getAttribute("aria-pressed") !== "true");
  doubt.disabled = !marked().length;
  approve.disabled = approve.dataset.waits === "true" || !doubt.disabled;
}

function marked() {
  return [...pages.querySelectorAll('.value[aria-pressed="true"]')].map((one) => Number(one.dataset.field));
}

function checked(check) {
  const item = document.createElement("li");
  item.className = check.holds === null ? "waits" : check.holds ? "holds" : "broken";
  const mark = { waits: "?", holds: "\u2713", broken: "\u2717" }[item.className];
  const words = { waits: ": a field of it waits", holds: ": it is", broken: "" }[item.className];
  item.textContent = `${mark} ${check.told || check.rule}${words}`;
  return item;
}

function happened(step) {
  const item = document.createElement("li");
  item.textContent = `${step.at.slice(0, 19).replace("T", " ")} UTC: ${step.state}${step.reason ? `, ${step.reason}` : ""}`;
  return item;
}

/** Which values are on the screen: only these are approved. */
let version = "";

async function show() {
  const whole = await ask("GET", `/documents/${number}`);
  version = whole.version;
  const known = whole.state === "done" || whole.state === "review";
  pages.replaceChildren(...whole.pages.map((one) => sheet(one, whole.values.filter((value) => value.page === one.number))));
  document.getElementById("checks").replaceChildren(...whole.checks.map(checked));
  document.getElementById("history").replaceChildren(...whole.history.map(happened));
  document.getElementById("reason").textContent = whole.reason;
  state.textContent = whole.state;
  state.className = `state ${whole.state}`;
  const waits = whole.values.some((value) => value.state === "review");
  approve.dataset.waits = waits || !known;
  approve.disabled = waits || !known;
  doubt.disabled = true;
  return whole.values.length ? "" : "Nothing was read on it.";
}

let busy = false;

/** Do something to the document, say so, and show it as it is then. */
async function act(words, method, path, body) {
  if (busy) return;
  busy = true;
  try {
    await ask(method, path, body);
    await show();
    tell(words);
  } catch (refused) {
    if (refused.status === 409) await show().catch(() => {});  // it is not any more as it is on the screen
    tell(`${refused.message[0].toUpperCase()}${refused.message.slice(1)}.`, true);
  } finally {
    busy = false;
  }
}

approve.addEventListener("click", () => act("Approved.", "POST", `/documents/${number}/approve`, { version }));
doubt.addEventListener("click", () => {
  const fields = marked();
  act(`To be keyed: ${fields.length}.`, "POST", "/fields/doubt", { fields });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Enter" && event.target === document.body) approve.click();
  else if (event.key.toLowerCase() === "k") doubt.click();
});

try {
  tell(await show());
} catch (refused) {
  tell(`${refused.message}.`, true);
}
