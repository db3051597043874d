// What a page says aloud to those who do not see it: one sentence at a time, the latest.

/** @param {string} sentence */
export function say(sentence) {
  const line = document.getElementById("announcement")
  if (line) line.textContent = sentence
}
