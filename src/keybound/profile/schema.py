"""The JSON Schema of profiles, for editors."""

from typing import Any

from keybound.profile.target_profile import Profile

_PLACEHOLDER = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
_STRICT = ("number", "integer", "boolean")


def profile_schema() -> dict[str, Any]:
    """Return the schema. Where only some values are allowed, `${ENV}` is allowed as well: it is replaced when read."""
    schema: dict[str, Any] = _with_placeholders(Profile.model_json_schema())
    resource = schema["properties"]["resource"]
    resource["anyOf"] = [{"type": "string"}, *resource["anyOf"]]  # the URL alone will do
    return schema


def _with_placeholders(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_placeholders(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in _STRICT or isinstance(schema.get("enum"), list):
        about = {name: schema[name] for name in ("title", "description", "default") if name in schema}
        rest = {name: value for name, value in schema.items() if name not in about}
        return {**about, "anyOf": [rest, dict(_PLACEHOLDER)]}
    return {name: _with_placeholders(value) for name, value in schema.items()}
