"""Django's classes that only type checkers know as generic: `ModelForm[Task]` works at run time as well."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model
from django.forms import models

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
    ModelForm = models.ModelForm
else:

    class _Subscriptable:
        def __class_getitem__(cls, model: type[Model]) -> type:
            return cls

    class ModelAdmin(_Subscriptable, admin.ModelAdmin):
        pass

    class ModelForm(_Subscriptable, models.ModelForm):
        pass
