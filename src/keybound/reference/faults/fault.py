"""What a fault is: a defect with a name, and what it puts in the place of which parts of the clean server."""

from dataclasses import dataclass

from keybound.reference.parts import Instead, Side


@dataclass(frozen=True)
class Fault:
    """One defect.

    `id` begins with the side that has it ("as-", "rs-"); `wrong` says in one line what is wrong; `instead` is what
    stands in which part's place. `alone`: only a resource server alone shows it. `raw`: why parts are not enough,
    and it takes a server that keeps what aiohttp drops (raw_http).
    """

    id: str
    wrong: str
    instead: tuple[Instead, ...] = ()
    alone: bool = False
    raw: str = ""

    @property
    def side(self) -> Side:
        """The side that has the defect."""
        return "as" if self.id.startswith("as-") else "rs"


def fault(id_: str, wrong: str, *instead: Instead, alone: bool = False, raw: str = "") -> Fault:
    """Return a fault of the side that its id begins with."""
    return Fault(id_, wrong, instead, alone, raw)


def both(name: str, wrong: str, *instead: Instead, raw: str = "") -> tuple[Fault, Fault]:
    """Return the same fault of the authorization server (as-) and of the resource server (rs-)."""
    return (
        fault(f"as-{name}", wrong, *instead, raw=raw),
        fault(f"rs-{name}", wrong, *instead, raw=raw),
    )
