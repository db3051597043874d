// The answer to a command: for this person alone, and stored nowhere.

import { listen } from "../page/events.js"
import { toast } from "../page/toasts.js"

listen("realtime:ephemeral", ({ told }) => told && toast(told))
