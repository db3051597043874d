"""A small cast: Ana and Ben are members, Cy is an outsider."""

import factory
from factory.django import DjangoModelFactory

from apps.accounts.models import User
from apps.projects.models import Membership, Project, Repository, Role


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


class RepositoryFactory(DjangoModelFactory):
    class Meta:
        model = Repository

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence("repository-{}".format)
    url = factory.LazyAttribute(lambda repository: f"https://git.example/team/{repository.name}.git")
    default_branch = "main"
    webhook_secret = "a-hook-secret-of-thirty-two-chars"
