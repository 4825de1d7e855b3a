"""make openapi: write what api_docs serves from the routes: the API's document and its page."""

from bill_reminders.api.document import as_text
from local import api_page
from local.stack import ROOT

SERVED = ROOT / "functions" / "api_docs"


def main() -> None:
    text = as_text()
    (SERVED / "openapi.json").write_text(text, "utf-8")
    (SERVED / "docs.html").write_text(api_page.page(text), "utf-8")


if __name__ == "__main__":
    main()
