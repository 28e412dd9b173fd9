"""The AsyncAPI 3.0 document of the protocol, generated from its types, so that it cannot disagree with them.

Where the document's format has no place for something, an `x-` extension holds it: whether an error is
temporary, whether a client reconnects after a close, which type a result is.
"""

from typing import Any

import msgspec

from .codec import CODECS
from .errors import CLOSES, ERRORS
from .events import EVENTS, FRAMES, PROTOCOL_VERSION
from .requests import REQUESTS
from .results import RESULTS, Result

_PATH = "/ws"


def asyncapi() -> dict[str, object]:
    """Return the document as plain values, ready to be written as JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Folkmoot",
            "version": f"{PROTOCOL_VERSION}.0.0",
            "description": "Chat groups with governance built in, over WebSocket.",
        },
        "defaultContentType": "application/json",
        "channels": {"ws": _describe_channel()},
        "operations": _describe_operations(),
        "components": {"messages": _describe_messages(), "schemas": _describe_schemas()},
        "x-errors": {
            code.value: {"temporary": info.temporary, "description": info.meaning} for code, info in ERRORS.items()
        },
        "x-closes": {
            str(code.value): {"name": code.name, "reconnect": info.reconnect, "description": info.meaning}
            for code, info in CLOSES.items()
        },
    }


def _describe_channel() -> dict[str, object]:
    names = _describe_messages()
    return {
        "address": _PATH,
        "description": "Each frame is one map. One `ok` or `error` answers a request; its `re` is the id.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET"}},
        "x-subprotocols": [
            {"name": codec.subprotocol, "frames": "binary" if codec.binary else "text"} for codec in CODECS
        ],
    }


def _describe_operations() -> dict[str, object]:
    """Describe, as the server sees it, a `receive` for each request, a `send` for hello and each event."""
    operations: dict[str, object] = {}
    for name, request_type in REQUESTS.items():
        operations[name] = {
            "action": "receive",
            "channel": _CHANNEL,
            "messages": [_refer(f"request.{name}")],
            "reply": {"channel": _CHANNEL, "messages": [_refer(f"ok.{name}"), _refer("error")]},
            "x-result": RESULTS[request_type].__name__,
        }
    for name in ("hello", *EVENTS):
        operations[f"event.{name}"] = {
            "action": "send",
            "channel": _CHANNEL,
            "messages": [_refer(f"event.{name}")],
        }
    return operations


def _describe_messages() -> dict[str, object]:
    messages: dict[str, object] = {"error": _describe_message(FRAMES["error"])}
    for name, request_type in REQUESTS.items():
        messages[f"request.{name}"] = _describe_message(request_type)
        messages[f"ok.{name}"] = _describe_ok(name, RESULTS[request_type])
    for name in ("hello", *EVENTS):
        messages[f"event.{name}"] = _describe_message(FRAMES[name])
    return messages


def _describe_message(struct: type[msgspec.Struct]) -> dict[str, object]:
    summary = (struct.__doc__ or "").partition("\n")[0].partition(" -> ")[0]
    return {"name": struct.__name__, "summary": summary, "payload": _schema(struct)}


def _describe_ok(name: str, result: type[Result]) -> dict[str, object]:
    payload = {
        "type": "object",
        "required": ["type", "re", "result"],
        "properties": {
            "type": {"const": "ok"},
            "re": {"type": "integer", "minimum": 1},
            "result": _schema(result),
        },
    }
    return {"name": f"Ok {name}", "summary": f"The reply to `{name}`.", "payload": payload}


def _describe_schemas() -> dict[str, Any]:
    types = [*REQUESTS.values(), *FRAMES.values(), *RESULTS.values()]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return msgspec.json.decode(msgspec.json.encode(schemas), type=dict[str, Any])  # defaults hold tuples


_CHANNEL = {"$ref": "#/channels/ws"}


def _refer(message: str) -> dict[str, str]:
    """Point at a message through the channel, as AsyncAPI asks of operations."""
    return {"$ref": f"#/channels/ws/messages/{message}"}


def _schema(struct: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{struct.__name__}"}
