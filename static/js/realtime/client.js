import { uuid } from "../page/uuid.js"

/** This page among all that are open: what it changed itself is not pointed out to its reader. */
export const clientId = uuid()
