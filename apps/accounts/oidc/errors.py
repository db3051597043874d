"""A sign-in that comes to nothing."""


class SignInRefused(Exception):
    """`code` is one of refusals.REFUSALS, for the person. `detail` is for administrators: no secret, no token."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
