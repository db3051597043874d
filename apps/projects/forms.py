from django import forms
from django.utils.translation import gettext_lazy as _

from apps.projects.models import Project


class UpperCase(forms.CharField):
    def to_python(self, value: str | None) -> str:
        return super().to_python(value).upper()


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ["name", "key", "about"]
        field_classes = {"key": UpperCase}
        labels = {"about": _("What it is about")}
        help_texts = {"key": _("Short and in capitals, such as TB: its tasks are called TB-1, TB-2 and so on.")}
