"""All files of a report, from one event stream."""

import json
from pathlib import Path

from keybound.report.allure import FOLDER, allure
from keybound.report.document import document
from keybound.report.junit import junit
from keybound.report.markdown import markdown
from keybound.report.page import page
from keybound.report.stream import Run, read


def render_all(stream_path: Path, out_dir: Path) -> Run:
    """Read the stream at `stream_path` and write every output into `out_dir`; return the run.

    Raises ValueError if the file is not a stream (see `keybound.report.stream.read`).
    """
    run = read(stream_path)
    files = {
        "report.json": json.dumps(document(run), indent=1, ensure_ascii=False) + "\n",
        "junit.xml": junit(run),
        "summary.md": markdown(run),
        "report.html": page(run),
    }
    files |= {f"{FOLDER}/{name}": json.dumps(data, ensure_ascii=False) for name, data in allure(run).items()}
    (out_dir / FOLDER).mkdir(parents=True, exist_ok=True)
    for kind in ("result.json", "attachment.httpexchange"):
        for old in (out_dir / FOLDER).glob(f"*-{kind}"):
            old.unlink()  # Allure would add an older run's cases to this run's
    for name, text in files.items():
        # A stream made elsewhere may hold half a surrogate pair; a report is UTF-8 all the same.
        (out_dir / name).write_bytes(text.encode("utf-8", "replace"))
    return run
