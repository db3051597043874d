// How long a text is, as the server counts it.

/**
 * Characters that count against the limit of a field: of one line without the spaces around it.
 * @param {string} text
 * @param {{isLine: boolean}} of
 */
export const lengthOf = (text, { isLine }) => [...(isLine ? text.trim() : text)].length
