"""A refusal: a decided no, as a value."""

from msgspec import Struct, field

from folkmoot_protocol.errors import ErrorCode


class Refusal(Struct, frozen=True):
    """Why a command was refused, in a form that programs and people both understand.

    `code` is one of PROTOCOL's error codes. `text` is an English message with named placeholders, filled
    from `detail` after translation; a key `…_ms` is offered to the text in a readable form too (`until_ms`
    as `until`, `retry_after_ms` as `wait`). `detail` also says, where it applies, which `rule` refused and
    what would `help`.
    """

    code: ErrorCode
    text: str
    detail: dict[str, object] = field(default_factory=dict)
