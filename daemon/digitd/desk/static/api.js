// Questions to the desk's API.

/** An answer that says no; status 0 where there was no answer. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Lead to the door in another tab when a login has ended: what is on this page stays, and goes on from there. */
function door(shut) {
  const there = document.getElementById("door");
  if (!shut) there?.remove();
  if (!shut || there) return;
  const words = document.createElement("p");
  words.id = "door";
  words.setAttribute("role", "alert");
  const link = Object.assign(document.createElement("a"), { href: "/login", target: "_blank", textContent: "Log in in another tab" });
  words.append("Your login has ended. ", link, "; what is here stays, and goes on then.");
  document.querySelector("header").after(words);
}

/** Ask, and return what is answered; throws Refused. */
export async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
  } catch {
    throw new Refused(0, "the desk does not answer");
  }
  door(answer.status === 401 && path !== "/login");
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = told.detail;
    throw new Refused(answer.status, typeof detail === "string" ? detail : "it is not as it should be");
  }
  return told;
}
