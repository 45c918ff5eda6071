// What the pages share: words for people, and how long they took.

const told = document.getElementById("told");

/** Tell something; with wrong, so that it stands out. */
export function tell(words, wrong = false) {
  told.textContent = words;
  told.classList.toggle("wrong", wrong);
}

/** Milliseconds since a moment of the page's clock, as labels keep them: a day at most. */
export function spent(since) {
  return Math.min(86400000, Math.round(performance.now() - since));
}
