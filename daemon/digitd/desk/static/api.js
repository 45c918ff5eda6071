// Questions to the desk's API.

/** An answer that says no; status 0 where there was no answer. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
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
  if (answer.status === 401 && path !== "/login") {
    location.assign(`/login?to=${encodeURIComponent(location.pathname + location.search)}`);  // the login has ended; nothing typed is lost
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = told.detail;
    throw new Refused(answer.status, typeof detail === "string" ? detail : "it is not as it should be");
  }
  return told;
}
