"""What is wrong with an input, in words for whoever sent it."""

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError

NOT_JSON = 'The request is not valid JSON.'
NO_OBJECT = 'The request must be a JSON object, sent with "Content-Type: application/json".'
WHOLE = {'missing': 'The request has no body.', 'model_attributes_type': NO_OBJECT}  # of the request as a whole
WHOLE_NUMBER = 'must be a whole number'
A_TIME = 'must be a time with its zone, such as 2026-11-23T09:00:00Z'
WORDS = {  # by Pydantic's kind of mistake
    'bool_type': 'must be true or false',
    'datetime_from_date_parsing': A_TIME,
    'datetime_parsing': A_TIME,
    'datetime_type': A_TIME,
    'timezone_aware': A_TIME,
    'dict_type': 'must be a JSON object',
    'greater_than_equal': 'must be at least {ge}',
    'int_from_float': WHOLE_NUMBER,
    'int_parsing': WHOLE_NUMBER,
    'int_parsing_size': WHOLE_NUMBER,
    'int_type': WHOLE_NUMBER,
    'less_than': 'must be less than {lt}',
    'less_than_equal': 'must be at most {le}',
    'list_type': 'must be a list',
    'missing': 'is missing',
    'model_type': 'must be a JSON object',
    'string_type': 'must be text',
    'too_long': 'has too many entries: at most {max_length}',
}


def first_of(error: RequestValidationError) -> tuple[str, str | None]:
    """Return a sentence about the first mistake in a request, and the field to blame."""
    first = error.errors()[0]
    names = [part for part in first['loc'][1:] if isinstance(part, str)]  # behind "body", "query" or "path"
    field = names[-1] if names else None
    return sentence(first, field), field


def sentence(mistake: Mapping[str, Any], field: str | None) -> str:
    """Say in words what Pydantic has against a value."""
    kind = mistake['type']
    if kind == 'json_invalid':
        return NOT_JSON
    if field is None:
        return WHOLE.get(kind, f'{mistake["msg"]}.')
    if kind in WORDS:
        return f'"{field}" {WORDS[kind].format(**mistake.get("ctx", {}))}.'
    return f'"{field}": {mistake["msg"]}.'
