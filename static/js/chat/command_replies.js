// What the board tells this person alone, and keeps nowhere: the answer to a command.

import { toast } from "../page/page.js"

document.addEventListener("board:whispered", ({ detail: { told } }) => told && toast(told))
