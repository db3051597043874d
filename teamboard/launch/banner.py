"""What a person reads when everything runs."""


def banner(*, url: str, password: str | None, new_password: str, data: str, gateway: str) -> str:
    """`gateway` is the address of a real one, or "" when the practice gateway runs."""
    facts = [
        ("Open", url),
        ("Sign in", sign_in(password)),
        ("Lost it?", f"a new password: {new_password}"),
        ("Data", data),
        ("Gateway", f"OpenClaw at {gateway}" if gateway else "the practice gateway: it plays an agent"),
    ]
    if not gateway:
        facts.append(("Go real", "set OPENCLAW_URL and its tokens in .env (README: a real OpenClaw)"))
    facts.append(("Stop", "Ctrl-C"))
    lines = ["Team Board is ready.", ""] + [f"{label:<8} {text}" for label, text in facts]
    width = max(map(len, lines)) + 2
    return "\n".join(["", "═" * width, *(f" {line}" for line in lines), "═" * width, ""])


def sign_in(password: str | None) -> str:
    if password:
        return f"owner, password {password} (shown only now)"
    return "owner, with your password"
