"""make openapi: write the API's document, and the page that shows it, from the routes."""

from bill_reminders.api.document import as_text
from local import api_page
from local.stack import ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"
SERVED = ROOT / "functions" / "api_docs"


def main() -> None:
    text = as_text()
    DOCUMENT.write_text(text, "utf-8")
    (SERVED / "openapi.json").write_text(text, "utf-8")
    (SERVED / "docs.html").write_text(api_page.page(text), "utf-8")


if __name__ == "__main__":
    main()
