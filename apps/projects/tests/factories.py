"""A small cast: Ana and Ben are members, Cy is an outsider."""

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import User
from apps.projects.models import Membership, Project, Role


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    name = factory.Sequence("Person {}".format)
    username = factory.LazyAttribute(lambda user: user.name.lower().replace(" ", "-"))


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project

    name = factory.Sequence("Project {}".format)
    key = factory.Sequence("P{}".format)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.MEMBER
