// The door: a token is shown once, and the browser keeps a key that no script sees.
import { ask } from "./api.js";
import { tell } from "./page.js";

const form = document.getElementById("login");
const token = document.getElementById("token");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("POST", "/login", { token: token.value });
    location.replace(form.dataset.to);
  } catch (refused) {
    token.select();
    tell(`Not logged in: ${refused.message}.`, true);
  }
});
