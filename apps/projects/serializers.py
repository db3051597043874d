from typing import Any, cast

from django.db.models import BigIntegerField, Model, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.models import User
from apps.max_length import max_length
from apps.names import validate_name
from apps.projects.git.repositories import connect
from apps.projects.models import LONGEST_CREDENTIAL, Branch, Commit, Invitation, Membership, Project, Repository, Role
from apps.rest.rows import shown

MEMBERS_SHOWN = 100


class ProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["id", "key", "name", "description", "created_at"]


class NewProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["key", "name", "description"]
        # That a key is free is found out while creating, where it can't change any more.
        extra_kwargs = {"key": {"validators": Project._meta.get_field("key").validators}}


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member by the id that tasks name them with."""

    id = serializers.IntegerField(source="user_id")
    name = serializers.CharField(source="user.name")
    kind = serializers.CharField(source="user.kind")
    is_practice = serializers.BooleanField(
        source="user.is_practice", read_only=True, help_text="an agent that only practises: no model works for it"
    )

    class Meta:
        model = Membership
        fields = ["id", "name", "kind", "is_practice", "role"]


class RoleSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(Role.choices)


class NewMemberSerializer(RoleSerializer):
    who = serializers.CharField(
        max_length=max_length(User, "username"), help_text="The username, or a name that only one person has."
    )
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    invited_by = serializers.IntegerField(source="invited_by_id")

    class Meta:
        model = Invitation
        fields = ["id", "role", "invited_by", "created_at", "expires_at"]


class NewInvitationSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)


class NewlyCreatedInvitationSerializer(InvitationSerializer):
    """With the link, which is shown only here."""

    link = serializers.SerializerMethodField()

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "link"]

    def get_link(self, invitation: Invitation) -> str:
        link: str = self.context["link"]
        return link


class ProjectWithMembersSerializer(ProjectSerializer):
    """With its first members, as many as a page of `…/members/` has at most, and how many there are."""

    members = serializers.SerializerMethodField(help_text="The first hundred; `…/members/` lists and searches all.")
    member_count = serializers.IntegerField(source="memberships.count", help_text="How many members there are.")

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "members", "member_count"]

    @extend_schema_field(MemberSerializer(many=True))
    def get_members(self, project: Project) -> list[dict[str, Any]]:
        rows = project.memberships.select_related("user").order_by("pk")[:MEMBERS_SHOWN]
        return shown(MemberSerializer, rows)


class WithinProject(serializers.PrimaryKeyRelatedField[Model]):
    """A row of the project in question; another project's is as unknown as one that is not there."""

    def __init__(self, *, by: str = "project", **kwargs: Any) -> None:
        self.by = by
        super().__init__(**kwargs)

    def get_queryset(self) -> QuerySet[Model]:
        return cast("QuerySet[Model]", super().get_queryset()).filter(**{self.by: self.context["project"]})


class ManyWithinProject(serializers.ListField):
    """Rows of the project in question by their ids, however many by one statement."""

    def __init__(self, *, queryset: QuerySet[Any], **kwargs: Any) -> None:
        self.queryset = queryset
        super().__init__(child=serializers.IntegerField(min_value=1, max_value=BigIntegerField.MAX_BIGINT), **kwargs)

    def to_internal_value(self, data: Any) -> list[Model]:
        keys = super().to_internal_value(data)
        found = self.queryset.filter(project=self.context["project"]).in_bulk(keys)
        unknown: dict[Any, list[str]] = {n: [self._says_unknown(key)] for n, key in enumerate(keys) if key not in found}
        if unknown:
            raise serializers.ValidationError(unknown)
        return [found[key] for key in keys]

    def _says_unknown(self, key: int) -> str:
        return WithinProject.default_error_messages["does_not_exist"].format(pk_value=key)


class RepositorySerializer(serializers.ModelSerializer[Repository]):
    trouble = serializers.CharField(help_text="Why the last fetch came to nothing; empty when it went well.")

    class Meta:
        model = Repository
        fields = ["id", "name", "url", "forge", "default_branch", "credential_kind", "merging", "fetched_at", "trouble"]


class NewRepositorySerializer(serializers.Serializer[Any]):
    url = serializers.CharField(
        max_length=max_length(Repository, "url"), help_text="As the forge shows it for cloning, by https or ssh."
    )
    name = serializers.CharField(
        max_length=max_length(Repository, "name"),
        required=False,
        validators=[validate_name],
        help_text="Unless given, as in the address.",
    )
    forge = serializers.ChoiceField(Repository.Forge.choices, required=False, help_text="Found out unless given.")
    credential_kind = serializers.ChoiceField(Repository.Credential.choices, default=Repository.Credential.NONE)
    credential = serializers.CharField(
        max_length=LONGEST_CREDENTIAL,
        required=False,
        write_only=True,
        help_text="The token or the private key; never shown again.",
    )
    merging = serializers.ChoiceField(
        Repository.Merging.choices, required=False, help_text="Who accepts an agent's work and merges it in one."
    )


class RepositoryChangesSerializer(NewRepositorySerializer):
    url = serializers.CharField(max_length=max_length(Repository, "url"), required=False)
    credential_kind = serializers.ChoiceField(Repository.Credential.choices, required=False)


class NewlyConnectedSerializer(RepositorySerializer):
    """With what the forge has to be told; the secret is shown only here."""

    webhook_url = serializers.SerializerMethodField()

    class Meta(RepositorySerializer.Meta):
        fields = [*RepositorySerializer.Meta.fields, "webhook_url", "webhook_secret"]

    def get_webhook_url(self, repository: Repository) -> str:
        return connect.webhook_url(repository)


class BranchSerializer(serializers.ModelSerializer[Branch]):
    class Meta:
        model = Branch
        fields = ["id", "name", "head", "ahead", "behind", "committed_at"]


class CommitSerializer(serializers.ModelSerializer[Commit]):
    class Meta:
        model = Commit
        fields = ["id", "sha", "author_name", "author_email", "message", "committed_at"]
