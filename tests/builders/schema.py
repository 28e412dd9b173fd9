"""JSON Schema (2020-12), as far as the service's schemas use it; what it does not know fails."""

from typing import Any

KNOWN = {"$schema", "$ref", "$defs", "type", "properties", "required", "items", "anyOf", "enum", "const", "title"}
KNOWN |= {"description", "default", "additionalProperties", "discriminator", "maxLength", "minimum"}
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
}


def assert_valid(value: object, schema: dict[str, Any]) -> None:
    """Fail where a value is not as a schema has it."""
    wrong = problem_of(value, schema, schema)
    assert not wrong, wrong


def problem_of(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> str:
    """Return what is wrong with a value, empty for nothing."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        return problem_of(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "anyOf" in schema:
        found = [problem_of(value, one, whole) for one in schema["anyOf"]]
        return "" if "" in found else f"none of {found}"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind in ("integer", "number"))):
        return f"{value!r} is no {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        return f"{value!r} is not {schema['const']}"
    if isinstance(value, dict):
        return problem_in_object(value, schema, whole)
    if isinstance(value, list) and "items" in schema:
        return next(filter(None, (problem_of(one, schema["items"], whole) for one in value)), "")
    return ""


def problem_in_object(value: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any]) -> str:
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        return f"{missing} missing in {sorted(value)}"
    for name, one in value.items():
        more = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if isinstance(more, dict) and (wrong := problem_of(one, more, whole)):
            return f"{name}: {wrong}"
    return ""
