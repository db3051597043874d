// Letters that are written from the right, and what turns the direction; in the middle of a sentence they are isolated.
const FROM_RIGHT =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** @param {string} name */
export const isolate = (name) => (FROM_RIGHT.test(name) ? `\u2068${name}\u2069` : name)

/**
 * `sentence` with what stands in braces replaced.
 * @param {string} sentence
 * @param {Record<string, string | number>} facts
 */
export const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => isolate(String(facts[name])))
