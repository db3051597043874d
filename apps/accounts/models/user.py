"""People, agents and service accounts as users."""

from typing import ClassVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.names import NameField

SHOWS_LETTERS = RegexValidator(r"\w", _("A name has letters that can be seen."))


class Hue(models.TextChoices):
    """The hues of tokens.css; each is one angle, so all speak equally loud."""

    ROSE = "rose", _("Rose")
    BRICK = "brick", _("Brick")
    ORANGE = "orange", _("Orange")
    OCHRE = "ochre", _("Ochre")
    OLIVE = "olive", _("Olive")
    LEAF = "leaf", _("Leaf")
    SEA = "sea", _("Sea")
    TEAL = "teal", _("Teal")
    SKY = "sky", _("Sky")
    INK = "ink", _("Ink")
    VIOLET = "violet", _("Violet")
    PLUM = "plum", _("Plum")
    STONE = "stone", _("Stone")


class Users(UserManager["User"]):
    use_in_migrations = False  # a migration imports no code of ours

    def create_agent(self, *, username: str, name: str, hue: str, is_practice: bool = False) -> "User":
        """An agent's user: it can be assigned and can write, and nobody can sign in as it."""
        user = self.model(username=username, name=name, hue=hue, kind=User.Kind.AGENT, is_practice=is_practice)
        user.set_unusable_password()
        user.save(force_insert=True)
        return user

    def create_service_account(self, *, username: str, name: str) -> "User":
        """The user of a program: it comes with tokens, and nobody can sign in as it."""
        user = self.model(username=username, name=name, kind=User.Kind.SERVICE, hue=Hue.STONE)
        user.set_unusable_password()
        user.save(force_insert=True)
        return user

    def is_taken(self, username: str) -> bool:
        """Whether somebody has it, whatever the case or the width: another's account is never meant."""
        return self.filter(username__iexact=self.model.normalize_username(username)).exists()

    def service_accounts(self) -> models.QuerySet["User"]:
        return self.filter(kind=User.Kind.SERVICE)


class User(AbstractUser):
    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        AGENT = "agent", _("agent")
        SERVICE = "service", _("service account")

    class Theme(models.TextChoices):
        SYSTEM = "", _("as the system")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    class Density(models.TextChoices):
        COMPACT = "compact", _("compact")
        NORMAL = "normal", _("normal")
        ROOMY = "roomy", _("roomy")

    first_name = last_name = None  # type: ignore[assignment]  # how Django takes an inherited field away
    username = NameField(
        _("username"),
        max_length=150,
        unique=True,
        help_text=_("Letters, digits and @ . + - _ only."),
        validators=[AbstractUser.username_validator],
        error_messages={"unique": _("That username is already taken.")},
    )
    name = NameField(_("name"), max_length=100, validators=[SHOWS_LETTERS])
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERSON, editable=False)
    # An agent that only practises, as its gateway's row says: everything that shows it says so.
    is_practice = models.BooleanField(default=False, editable=False)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.SKY)
    # The address of their Avatar, made of what is in it; "" for the hue and the initials.
    avatar = models.CharField(max_length=32, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=5, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, blank=True)
    density = models.CharField(_("density"), max_length=10, choices=Density, default=Density.NORMAL)

    # What the token of a request takes away from its person; nothing, for who is signed in.
    only_projects: frozenset[int] | None = None
    may_direct_agents = True

    objects: ClassVar[Users] = Users()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(name="user_kind_known", condition=models.Q(kind__in=["person", "agent", "service"])),
            models.CheckConstraint(
                name="user_admin_is_a_person",
                condition=models.Q(kind="person") | models.Q(is_staff=False, is_superuser=False),
            ),
            models.CheckConstraint(
                name="user_service_account_has_no_password",
                condition=~models.Q(kind="service") | models.Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_person(self) -> bool:
        return self.kind == self.Kind.PERSON

    @property
    def is_agent(self) -> bool:
        return self.kind == self.Kind.AGENT

    @property
    def is_service(self) -> bool:
        return self.kind == self.Kind.SERVICE

    @property
    def initials(self) -> str:
        """Two letters of a person's names; one or two of an agent's, set like a sort of type."""
        words = str(self).split()
        if self.is_agent or len(words) < 2:
            return words[0][:2].capitalize() if words else "?"
        return (words[0][0] + words[-1][0]).upper()
