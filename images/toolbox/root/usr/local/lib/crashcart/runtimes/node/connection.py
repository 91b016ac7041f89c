"""Speaks the protocol of a Node.js inspector: https://chromedevtools.github.io/devtools-protocol/v8/

    async with connect(address, port) as connection:
        await connection.call("Profiler.enable")

Whatever comes is the target's: it is bounded in time and size, and what does not fit raises NoAnswer.
"""

import asyncio
import http.client
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import websockets

from bounded_calls import run_bounded
from runtimes.bounded_answer import NoAnswer

# A CPU limit may give the process a moment in each second.
ANSWER_SECONDS = 30
LIST_SECONDS = 10
MAX_LIST_BYTES = 1 << 20
# A profile of an hour; a source map within a script.
MAX_MESSAGE_BYTES = 64 << 20
# Read ahead of what is dealt with.
MAX_MESSAGES = 16

OnEvent = Callable[[str, dict[str, Any]], None]


class Connection:
    def __init__(self, socket: websockets.WebSocketClientProtocol):
        self.socket = socket
        self.number = 0
        self.on_event: OnEvent = lambda method, fields: None

    async def call(self, method: str, seconds: float = ANSWER_SECONDS, **parameters: Any) -> dict[str, Any]:
        """The result; seconds is how long nothing may come. Events that come before it go to on_event. Raises NoAnswer."""
        self.number += 1
        await self._send({"id": self.number, "method": method, "params": parameters})
        while True:
            message = await self._receive(seconds)
            if message is None:
                raise NoAnswer(f"its inspector has no answer to {method} after {seconds:g} s: is it in a call that does not return?")
            if message.get("id") != self.number:
                continue
            if "error" in message:
                raise NoAnswer(f"its inspector refuses {method}: {read_text(message['error'], 'message')}")
            return read_object(message, "result")

    async def evaluate(self, expression: str) -> Any:
        """What an expression gives in the program, as JSON has it. Raises NoAnswer."""
        # The command line's names are among the expression's: require, which a module of ECMAScript has not.
        answer = await self.call("Runtime.evaluate", expression=expression, includeCommandLineAPI=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise NoAnswer(f"the program can't be asked: {read_text(read_object(answer['exceptionDetails'], 'exception'), 'description')}")
        return read_object(answer, "result").get("value")

    async def listen(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Takes events until it is done. False when the time is over. Raises NoAnswer."""
        end = time.monotonic() + seconds
        while not is_done():
            if (left := end - time.monotonic()) <= 0 or await self._receive(left) is None:
                return is_done()
        return True

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await asyncio.wait_for(self.socket.send(json.dumps(message)), ANSWER_SECONDS)
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
            raise NoAnswer("its inspector has closed the connection") from error

    async def _receive(self, seconds: float) -> dict[str, Any] | None:
        """Null when nothing comes."""
        try:
            text = await asyncio.wait_for(self.socket.recv(), seconds)
        except asyncio.TimeoutError:
            return None
        except (OSError, websockets.WebSocketException) as error:
            raise NoAnswer(f"its inspector has closed the connection ({error})") from error
        message = parse(text)
        if isinstance(message.get("method"), str):
            self.on_event(message["method"], read_object(message, "params"))
        return message


@asynccontextmanager
async def connect(address: str, port: int) -> AsyncIterator[Connection]:
    """Raises NoAnswer."""
    host = f"[{address}]" if ":" in address else address
    url = f"ws://{host}:{port}/{find_session(address, port)}"
    try:
        # Node.js answers no ping. Nothing is compressed, so that a message's size is that of what comes.
        socket = await websockets.connect(
            url, compression=None, ping_interval=None, max_size=MAX_MESSAGE_BYTES, max_queue=MAX_MESSAGES,
            open_timeout=ANSWER_SECONDS, close_timeout=2,
        )
    except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
        raise NoAnswer(f"its inspector takes no connection: {error}") from error
    try:
        yield Connection(socket)
    finally:
        await socket.close()


def find_session(address: str, port: int) -> str:
    """What the inspector calls its one session. Raises NoAnswer."""

    def ask() -> str:
        connection = http.client.HTTPConnection(address, port, timeout=LIST_SECONDS)
        try:
            connection.request("GET", "/json/list")
            return connection.getresponse().read(MAX_LIST_BYTES).decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(0, f"it does not speak HTTP ({type(error).__name__})") from error

    (answer,) = run_bounded([ask], LIST_SECONDS)
    if not isinstance(answer, str):
        raise NoAnswer(f"what listens on {address}:{port} is not asked: {answer or 'it does not answer'}")
    # Its own URL is not used: a target could name any place.
    found = re.search(r'"id": *"([0-9a-f-]{36})"', answer)
    if found is None:
        raise NoAnswer(f"what listens on {address}:{port} is not an inspector")
    return found[1]


def parse(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("its inspector answers by what is not JSON") from error
    if not isinstance(message, dict):
        raise NoAnswer("its inspector answers in another way than it should")
    return message


def read_object(fields: Any, name: str) -> dict[str, Any]:
    """Empty where there is none."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, dict) else {}


def read_list(fields: Any, name: str) -> list[Any]:
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, list) else []


def read_text(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, str) else ""


def read_number(fields: Any, name: str) -> int:
    """0 where there is none."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return int(value) if isinstance(value, (int, float)) and abs(value) < 1 << 62 else 0
