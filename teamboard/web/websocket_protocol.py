"""Sockets by uvicorn, but for a text that many of them are sent: its bytes are made once, not once a socket."""

from functools import lru_cache

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State


class SharedBytesProtocol(WebSocketsSansIOProtocol):
    """One socket. What a server sends is not masked, and nothing is compressed: the bytes are the same for all."""

    async def send(self, message: ASGISendEvent) -> None:
        text = message.get("text")
        if text is None or not self.takes_text:
            await super().send(message)
        else:
            self.transport.write(bytes_of(str(text)))

    @property
    def takes_text(self) -> bool:
        """Whether it can be written right away: uvicorn knows what else there is to do."""
        is_open = self.handshake_complete and not self.close_sent and not self.disconnected
        return is_open and self.writable.is_set() and self.conn.state is State.OPEN and not self.conn.extensions


@lru_cache(maxsize=8)
def bytes_of(text: str) -> bytes:
    """The frame (RFC 6455, 5.2) that carries `text` to a browser."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
