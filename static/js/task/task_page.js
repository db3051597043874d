// A task's own page.

import "../realtime/connection.js"
import "./panel.js"
