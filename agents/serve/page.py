"""The API for people: a page that is made of its OpenAPI description and needs neither scripts nor a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cuechain.agents.serve.answers import EXAMPLE

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ info.title }}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
pre { white-space: pre-wrap; padding: .6rem; border: 1px solid; border-radius: .3rem }
details { border-top: 1px solid #8888; padding: .5rem 0 }
summary { cursor: pointer }
td code { white-space: nowrap }
table { border-collapse: collapse } td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top }
</style></head><body>
<h1>{{ info.title }} {{ info.version }}</h1>
{% for part in info.description.split("\n\n") %}<p>{{ part }}</p>
{% endfor %}<p>For example:</p><pre>{{ example }}</pre>
<p>For programs: <a href="/openapi.json">openapi.json</a></p>
{% for path, method, one in operations %}
<details><summary><strong>{{ method }}</strong> <code>{{ path }}</code> {{ one.summary }}</summary>
<p>{{ one.description or "" }}</p>
{% if one.parameters %}<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>
{% for p in one.parameters %}<tr><td><code>{{ p.name }}</code></td><td>{{ p["in"] }}</td><td>{{ kind(p.schema) }}</td>
<td>{{ p.description or "" }}</td></tr>{% endfor %}</table>{% endif %}
{% for type, body in (one.requestBody or {}).get("content", {}).items() %}
<p>Body: {{ type }}</p><table>
{% for name, field in fields(body.schema) %}<tr><td><code>{{ name }}</code></td><td>{{ kind(field) }}</td>
<td>{{ field.description or "" }}</td></tr>{% endfor %}</table>{% endfor %}
<p>Answers:</p><table>
{% for code, answer in one.responses|dictsort %}<tr><td>{{ code }}</td><td>{{ answer.description }}</td></tr>
{% if code < "300" %}{% for type, body in answer.get("content", {}).items() %}{% for name, field in fields(body.schema) %}
<tr><td></td><td><code>{{ name }}</code> {{ kind(field) }}: {{ field.description or "" }}
{{ field.enum|join(", ") + "." if field.enum }}</td></tr>{% endfor %}{% endfor %}{% endif %}
{% endfor %}</table>
</details>{% endfor %}
</body></html>
"""


def page(schema: Mapping[str, Any], address: str) -> str:
    """The HTML page of an OpenAPI description, with an example for the server at this address."""
    import jinja2

    kinds = schema.get("components", {}).get("schemas", {})

    def resolved(field: Mapping[str, Any]) -> Mapping[str, Any]:
        return kinds.get(field["$ref"].rpartition("/")[2], {}) if "$ref" in field else field

    def fields(field: Mapping[str, Any]) -> list[tuple[str, Any]]:
        return list(resolved(field).get("properties", {}).items())

    def kind(field: Mapping[str, Any]) -> str:
        options = field.get("anyOf", [field])
        names = [o.get("type") or o.get("$ref", "any").rpartition("/")[2] for o in options]
        return " or ".join("none" if name == "null" else str(name) for name in names)

    operations = [
        (path, method.upper(), one) for path, verbs in schema["paths"].items() for method, one in verbs.items()
    ]
    template = jinja2.Environment(autoescape=True).from_string(_PAGE)
    return template.render(
        info=schema["info"], example=EXAMPLE.format(address=address), operations=operations, fields=fields, kind=kind
    )
