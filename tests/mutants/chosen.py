"""The chosen lines and what each becomes: mutants.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """`line` stands once in `file` and is replaced by `becomes`; `tests` are paths (with ::name) for pytest."""

    name: str
    file: str
    line: str
    becomes: str
    tests: list[str]

    def applied_to(self, text: str) -> str:
        """`text` with the line broken. Raises ValueError when it does not stand there exactly once."""
        if text.count(self.line) != 1:
            raise ValueError(f"{self.name}: the line stands {text.count(self.line)} times in {self.file}")
        return text.replace(self.line, self.becomes)


def chosen() -> list[Mutant]:
    return [
        Mutant(**fields) for fields in tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())["mutant"]
    ]
