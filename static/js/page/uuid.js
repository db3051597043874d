/** A random UUID; `crypto.randomUUID` is only there on secure origins. */
export function uuid(source = globalThis.crypto) {
  if (source.randomUUID) return source.randomUUID()
  const hex = [...source.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
