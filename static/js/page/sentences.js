/**
 * `sentence` with what stands in braces replaced.
 * @param {string} sentence
 * @param {Record<string, string | number>} facts
 */
export const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => String(facts[name]))
