// The door: a token is shown once, and the browser keeps a key that no script sees.
import { ask } from "./api.js";
import { tell } from "./page.js";

const form = document.getElementById("login");
const token = document.getElementById("token");

/** Go on to where one was going: a page of this desk. */
function goOn() {
  location.replace(new URL(form.dataset.to, location.origin).origin === location.origin ? form.dataset.to : "/");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("POST", "/login", { token: token.value });
    goOn();
  } catch (refused) {
    token.select();
    tell(`Not logged in: ${refused.message}.`, true);
  }
});

// Who comes by a link from elsewhere brings no cookie with it, but may be logged in.
fetch("/api/v1/me").then((answer) => (answer.ok ? answer.json() : {})).then((who) => { if (who.known) goOn(); });
