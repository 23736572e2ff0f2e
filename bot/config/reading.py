"""config.yaml → its checked shape; every mistake of the file in one ConfigError."""

from pathlib import Path as File
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.config.checks import check
from bot.config.document import Document, parse
from bot.config.explain import explain
from bot.config.models import FileModel
from bot.config.problems import ConfigError, Problem
from bot.config.secrets import secret_keys, secrets_in, without_secrets


def read(path: File) -> tuple[FileModel, Document]:
    """The file's checked shape and where each of its values stands.

    Raises ConfigError with every mistake at once.
    """
    text = _text(path)
    secret = secrets_in(path.name, text)
    try:
        document = parse(path.name, text)
    except ConfigError as error:
        raise ConfigError(without_secrets(list(error.problems), secret)) from None
    secret += secret_keys(document)
    file = _shape(document)
    if secret or document.problems or file is None:
        raise ConfigError(without_secrets(document.problems, secret))
    return file, document


def _text(path: File) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(path.name, line, "not UTF-8; save the file as UTF-8")]) from None
    except OSError as error:
        said = f"cannot be read ({error.strerror}); write --config PATH or copy config.yaml here"
        raise ConfigError([Problem(path.name, 0, said)]) from None


def _shape(document: Document) -> FileModel | None:
    if not isinstance(document.data, dict):
        document.mistake((), "not a list of keys; begin with version: 1")
        return None
    try:
        file = FileModel.model_validate(document.data)
    except ValidationError as error:
        explain(document, error.errors(include_url=False, include_input=False))
        check(document, _readable(document.data))
        return None
    check(document, file)
    return file


def _readable(data: dict[str, Any]) -> FileModel:
    """What can be read of a file with mistakes, so that the other checks still find theirs."""
    found: dict[str, Any] = {}
    for name, field in FileModel.model_fields.items():
        written = data.get(name)
        if get_origin(field.annotation) is dict:
            entry = get_args(field.annotation)[1]
            entries = written.items() if isinstance(written, dict) else ()
            read = ((slug, _or_none(entry, value)) for slug, value in entries)
            found[name] = {slug: model for slug, model in read if model is not None}
        elif (model := _or_none(field.annotation, written)) is not None:
            found[name] = model
    return FileModel.model_construct(_fields_set=set(found), **found)


def _or_none(kind: Any, value: Any) -> BaseModel | None:
    try:
        return TypeAdapter[BaseModel](kind).validate_python(value)
    except ValidationError:
        return None
