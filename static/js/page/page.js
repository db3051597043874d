// What every page does.

import "./menus.js"
import "./times.js"
import "./toasts.js"
