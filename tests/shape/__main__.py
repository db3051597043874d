"""`make shape`: the shape of the code in figures; exits with 1 when one misses its goal."""

import sys

from tests.shape.measures import figures


def main() -> int:
    missed = 0
    for figure in figures():
        missed += not figure.is_met
        print(f"{'ok    ' if figure.is_met else 'MISSED'} {figure.value:>4}  (goal {figure.goal})  {figure.name}")
        for place in figure.found:
            print(f"              {place}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
