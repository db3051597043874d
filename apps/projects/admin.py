"""Projects for those who run the board: whose they are, and nothing of what is in them."""

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.projects import joining
from apps.projects.models import Membership, Project, Role


class OwnerForm(forms.ModelForm):
    """For a project whose owner is gone, or about to."""

    new_owner = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("make an owner"),
        help_text=gettext_lazy("Somebody of the project; when nobody else is in it, anybody with an account."),
    )

    class Meta:
        model = Project
        fields = ()

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_owner"].queryset = joining.heirs(self.instance)


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    form = OwnerForm
    list_display = ("name", "key", "owners", "created_at")
    search_fields = ("name", "key")
    readonly_fields = ("name", "key", "owners")
    fields = (*readonly_fields, "new_owner")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        owners = Membership.objects.filter(role=Role.OWNER).select_related("user").order_by("pk")
        return super().get_queryset(request).prefetch_related(Prefetch("memberships", owners, "owned"))

    @admin.display(description=gettext_lazy("owners"))
    def owners(self, project: Project) -> str:
        return ", ".join(str(membership.user) for membership in project.owned)

    def save_model(self, request: HttpRequest, project: Project, form: OwnerForm, change: bool) -> None:
        joining.appoint(project, form.cleaned_data["new_owner"], by=request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, project: Project | None = None) -> bool:
        return False
