/** Keys pressed while an input method makes up a word are its own; Safari tells only by the code 229. @param {{isComposing: boolean, keyCode?: number}} event */
export const isComposing = (event) => event.isComposing || event.keyCode === 229

/**
 * The key's name on a Latin keyboard: in a Russian layout J says “о”, and is J all the same.
 * @param {{key: string, code: string}} event
 */
export function latin({ key, code }) {
  if (!/^[а-яё]$/i.test(key)) return key
  return { BracketLeft: "[", BracketRight: "]" }[code] ?? code.replace("Key", "").toLowerCase()
}
