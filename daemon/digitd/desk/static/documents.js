// The list of documents keeps itself true while it is looked at: what changes is told by the desk, and fetched anew.
const QUIET_MS = 300;

let due = 0;
let events = null;

async function renew() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const old = document.querySelector("main");
  if (old.contains(document.activeElement)) return;  // whoever is on a link keeps it; the next change comes
  old.replaceWith(fresh);
}

/** Listen while the list can be seen: a browser has few connections to a desk, and other tabs need them. */
function listen() {
  events?.close();
  if (document.hidden) return;
  events = new EventSource("/api/v1/events");
  events.addEventListener("document", () => {
    clearTimeout(due);
    due = setTimeout(renew, QUIET_MS);
  });
}

document.addEventListener("visibilitychange", () => {
  listen();
  if (!document.hidden) renew();
});
listen();
