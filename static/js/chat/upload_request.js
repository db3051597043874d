// One file on its way to the server: XMLHttpRequest, for `fetch` does not say how far it is.

const STALLED_AFTER = 30_000 // milliseconds without any progress

/**
 * `onEnd` is called once: with the file's `id`, or without one and perhaps with the server's `message` why; `status` is
 * that of the answer, if there was one.
 * @typedef {{id?: string, message?: string, status?: number}} End
 * @typedef {{onProgress: (share: number) => void, onEnd: (end: End) => void}} Handlers
 */

/**
 * @param {string} url
 * @param {File} file
 * @param {Handlers} handlers
 * @returns {() => void} stops the upload, and ends it without a word
 */
export function upload(url, file, { onProgress, onEnd }) {
  const request = new XMLHttpRequest()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let stalling
  const watch = () => {
    clearTimeout(stalling)
    stalling = setTimeout(() => {
      request.abort()
      onEnd({})
    }, STALLED_AFTER)
  }
  request.upload.onprogress = ({ loaded, total }) => {
    watch()
    onProgress(loaded / total)
  }
  request.onload = () => onEnd({ ...endOf(request), status: request.status })
  request.onerror = () => onEnd({})
  request.onloadend = () => clearTimeout(stalling)
  request.open("POST", url)
  request.setRequestHeader("Accept", "application/json")
  request.setRequestHeader("X-CSRFToken", document.body.dataset.csrf ?? "")
  const body = new FormData()
  body.append("file", file)
  watch()
  request.send(body)
  return () => request.abort()
}

/** @param {{status: number, responseText: string}} request */
export function endOf({ status, responseText }) {
  try {
    const { id, message } = JSON.parse(responseText)
    return status === 201 && id ? { id: String(id) } : { message }
  } catch {
    return {} // no JSON, or half of it
  }
}
