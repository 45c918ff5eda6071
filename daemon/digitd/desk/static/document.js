// A document: its pages, with what was read in its place. What waits to be keyed is marked, and not told.
import { ask } from "./api.js";
import { tell } from "./page.js";

const number = document.getElementById("desk").dataset.document;
const pages = document.getElementById("pages");

function sheet(page, values) {
  const figure = document.createElement("figure");
  figure.className = "sheet";
  const image = new Image();
  image.alt = `Page ${page}`;
  image.src = `/api/v1/documents/${number}/pages/${page}/picture`;
  image.onerror = () => { image.alt = `Page ${page}: its file is not in the archive any more.`; };
  const list = document.createElement("ul");
  list.setAttribute("aria-label", `Fields of page ${page}`);
  list.append(...values.map(marked));
  figure.append(image, list);
  return figure;
}

function marked(value) {
  const { x0, y0, x1, y1 } = value.place;
  const item = document.createElement("li");
  item.className = `value ${value.state}`;
  item.tabIndex = 0;
  Object.assign(item.style, { left: `${100 * x0}%`, top: `${100 * y0}%`, width: `${100 * (x1 - x0)}%`, height: `${100 * (y1 - y0)}%` });
  const words = document.createElement("span");
  words.textContent = value.state === "review" ? "?" : value.value || "\u2013";
  item.append(words);
  const sure = value.confidence === null ? "" : `, ${(100 * value.confidence).toFixed(1)} % sure`;
  const what = value.state === "review" ? "waits to be keyed" : `${value.value || "blank"}, ${value.state}${sure}`;
  item.title = `${value.field}: ${what}${value.reason ? `, ${value.reason}` : ""}`;
  item.setAttribute("aria-label", item.title);
  return item;
}

try {
  const whole = await ask("GET", `/documents/${number}`);
  const numbers = [...new Set(whole.values.map((value) => value.page))];
  pages.replaceChildren(...numbers.map((page) => sheet(page, whole.values.filter((value) => value.page === page))));
  if (!numbers.length) tell("Nothing was read on it.");
  document.getElementById("history").replaceChildren(...whole.history.map((step) => {
    const item = document.createElement("li");
    item.textContent = `${step.at.slice(0, 19).replace("T", " ")} UTC: ${step.state}${step.reason ? `, ${step.reason}` : ""}`;
    return item;
  }));
} catch (refused) {
  tell(`${refused.message}.`, true);
}
