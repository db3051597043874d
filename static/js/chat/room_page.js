// A room's own page.

import "../realtime/connection.js"
import { show } from "./room.js"
import { openRoom } from "./room_elements.js"

const room = openRoom()
if (room) show(room)
