// The board with the open task and the room beside it, whose modules come when it is opened.

import "../realtime/connection.js"
import "../task/panel.js"
import "./board.js"
import { usePanel } from "../chat/room_panel.js"

usePanel(async () => (await import("../chat/room.js")).show)
