"""Print the oldest versions that pyproject.toml allows, as constraints for `pip install -c`."""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


def main() -> None:
    """Print `name==version` for each requirement `name>=version`; stop at one that has no lower bound."""
    for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]:
        found = re.fullmatch(r"([\w.-]+)[>=]=([\w.]+)", requirement)
        if found is None:
            raise SystemExit(f"pyproject.toml: '{requirement}' has no lower bound")
        print(f"{found[1]}=={found[2]}")


if __name__ == "__main__":
    main()
