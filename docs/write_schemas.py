"""Writes docs/schemas: the lines of files that are taken out, as JSON Schema."""

from pathlib import Path

import msgspec

from folkmoot_protocol.exported import schemas

PLACE = Path(__file__).with_name("schemas")


def texts() -> dict[str, str]:
    """Return each file's text by its name."""
    encoder = msgspec.json.Encoder(order="deterministic")
    return {f"{name}.json": msgspec.json.format(encoder.encode(one)).decode() + "\n" for name, one in schemas().items()}


if __name__ == "__main__":
    PLACE.mkdir(exist_ok=True)
    for name, text in texts().items():
        (PLACE / name).write_text(text, "utf-8")
