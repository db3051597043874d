"""A form saves what was changed in it: the rest of its row was read before, and may be another by now."""

import pytest
from django.contrib import admin
from django.db import models
from django.test import RequestFactory

from apps.accounts.audit.admin_mixin import AuditedAdmin
from apps.accounts.forms import PasswordForm, PreferencesForm
from apps.accounts.models import User
from apps.agents.models import Agent, Gateway
from apps.projects.models import GroupGrant
from apps.projects.tests.factories import UserFactory
from tests.actions.calls import read_anew
from tests.actions.test_stale_rows import changed_by_another
from tests.authz.cast import world

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-24"), pytest.mark.queue_off]
CHANGED = {Agent: ("timeout_seconds", 77), Gateway: ("name", "Another"), GroupGrant: ("group", "others")}


def change_concurrently(row: models.Model, but: str) -> dict[str, object]:
    """What stands in every other column after somebody else has changed it."""
    fields = [field for field in row._meta.concrete_fields if field.name != but and not getattr(field, "auto_now", 0)]
    changed = {field.attname: changed_by_another(row, field) for field in fields}
    return {name: value for name, value in changed.items() if value is not None}


def test_admin_changes_these_by_forms():
    saving = {model for model, each in admin.site._registry.items() if isinstance(each, AuditedAdmin)}
    assert saving == CHANGED.keys()


@pytest.mark.parametrize("model", CHANGED)
def test_admin_saves_only_what_was_changed(model):
    world("TB")
    name, value = CHANGED[model]
    row = model._base_manager.order_by("pk").first()
    request = RequestFactory().post("/")
    request.user = UserFactory(is_staff=True, is_superuser=True)
    site = admin.site._registry[model]
    form = site.get_form(request, row)(instance=row)
    form.cleaned_data = {"projects": row.user.projects.all()} if model is Agent else {}
    form.changed_data = [name]
    others = change_concurrently(row, but=name)
    setattr(row, name, value)
    site.save_model(request, row, form, change=True)
    now = read_anew(row)
    assert getattr(now, name) == value
    # The agent's user is renamed with the agent; nothing else follows from these.
    assert {each: getattr(now, each) for each in others} == others


def test_password_form_saves_only_the_password():
    person = UserFactory()
    person.set_password("tide-table-9")
    person.save(update_fields=["password"])
    request = RequestFactory().post("/")
    request.user = person
    given = {
        "old_password": "tide-table-9",
        "new_password1": "a-spring-tide-of-seven",
        "new_password2": "a-spring-tide-of-seven",
    }
    form = PasswordForm(request, given)
    form.fields["old_password"].required = False
    form.clean_old_password = lambda: given["old_password"]
    assert form.is_valid(), form.errors
    others = change_concurrently(person, but="password")
    form.save()
    now = read_anew(person)
    assert now.check_password("a-spring-tide-of-seven")
    assert others["is_active"] is False
    assert {each: getattr(now, each) for each in others} == others


def test_preferences_save_only_what_was_changed():
    person = UserFactory(theme="light")
    given = {"name": person.name, "language": "", "time_zone": "", "theme": "dark", "density": "normal"}
    form = PreferencesForm(given, instance=person)
    assert form.is_valid(), form.errors
    User.objects.filter(pk=person.pk).update(name="Ana of the provider", language="ru")
    form.save()
    assert User.objects.filter(pk=person.pk, name="Ana of the provider", language="ru", theme="dark").exists()
