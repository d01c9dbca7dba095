"""The files that nginx serves beside the calls: our pages, the OpenAPI document, and Swagger UI where it is at hand."""
import json
import shutil

DEMO = {
    "password": "demo-pass-1",
    "accounts": {role: f"{role}@demo.example" for role in ("buyer", "worker", "admin")},
}


def write(root, state, document, swagger_ui, demo):
    """Writes state/www. `document` is the OpenAPI document's text; `swagger_ui` a directory, or None; with `demo` /docs/
    lets everybody act as the demo accounts.
    """
    www = state / "www"
    shutil.copytree(root / "conf" / "www", www, dirs_exist_ok=True)
    (www / "api").mkdir(exist_ok=True)
    write_document(state, document)
    shutil.rmtree(www / "docs" / "swagger-ui", ignore_errors=True)
    if demo:
        (www / "docs" / "demo.json").write_text(json.dumps(DEMO))
    if swagger_ui:
        shutil.copytree(swagger_ui, www / "docs" / "swagger-ui")


def write_document(state, document):
    draft = state / "www" / "api" / "openapi.json.new"
    draft.write_text(document)
    draft.rename(draft.with_suffix(""))
