"""What several actions on a message refuse for the same reason."""

from django.utils.translation import gettext as _

from apps.errors import Refused


class Gone(Refused):
    code = "gone"
    page_status = api_status = 410

    def __init__(self) -> None:
        super().__init__(_("That message is not here any more."))
