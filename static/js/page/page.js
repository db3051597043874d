// What every page does.

import "./elapsed_times.js"
import "./limits.js"
import "./menus.js"
import "./printing.js"
import "./times.js"
import "./toasts.js"
