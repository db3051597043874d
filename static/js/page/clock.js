// The page's one clock. It is the browser's own: a time that the server wrote into the page would be wrong by as
// long as the page lay in the cache of the Back button.

/** Milliseconds since 1970. */
export const now = () => Date.now()
