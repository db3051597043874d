import pytest

from apps.projects.forms import InviteForm
from apps.projects.git.forms import RepositoryForm
from apps.projects.serializers import NewMemberSerializer, NewRepositorySerializer, RepositoryChangesSerializer


@pytest.mark.parametrize("serializer", [NewRepositorySerializer, RepositoryChangesSerializer])
@pytest.mark.parametrize(("field", "most"), [("url", 500), ("name", 80), ("credential", 20_000)])
def test_repository_limits_are_the_same_at_both_doors(serializer, field, most):
    assert RepositoryForm.base_fields[field].max_length == serializer().fields[field].max_length == most


def test_member_limits_are_the_same_at_both_doors():
    assert InviteForm.base_fields["who"].max_length == NewMemberSerializer().fields["who"].max_length == 150
