// The first page: Enter begins; a name is kept for this browser, or who is logged in logs out.
import { ask } from "./api.js";
import { tell } from "./page.js";

document.getElementById("me")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = document.getElementById("name").value.trim();
  try {
    await ask("PUT", "/me", { name });
    document.querySelector(".who").textContent = name;
    tell("Saved.");
  } catch (refused) {
    tell(`Not saved: ${refused.message}.`, true);
  }
});

document.getElementById("leave")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await ask("DELETE", "/login");
    location.replace("/login");
  } catch (refused) {
    tell(`Not logged out: ${refused.message}.`, true);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target === document.body) document.getElementById("go")?.click();
});
