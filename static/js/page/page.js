// What every page does.

import "./menus.js"
import "./printing.js"
import "./elapsed_times.js"
import "./times.js"
import "./toasts.js"
