// What every page does.

import "./composing.js"
import "./elapsed_times.js"
import "./limits.js"
import "./menus.js"
import "./pasting.js"
import "./printing.js"
import "./times.js"
import "./toasts.js"
