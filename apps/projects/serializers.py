from rest_framework import serializers

from apps.projects.models import Membership, Project


class ProjectSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["id", "key", "name", "about", "created_at"]


class NewProjectSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["key", "name", "about"]
        # That a key is free is found out while creating, where it can't change any more.
        extra_kwargs = {"key": {"validators": Project._meta.get_field("key").validators}}


class MemberSerializer(serializers.ModelSerializer):
    """A member by the id that tasks name them with."""

    id = serializers.IntegerField(source="user_id")
    name = serializers.CharField(source="user.name")
    kind = serializers.CharField(source="user.kind")

    class Meta:
        model = Membership
        fields = ["id", "name", "kind", "role"]


class ProjectWithMembersSerializer(ProjectSerializer):
    members = serializers.SerializerMethodField()

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "members"]

    def get_members(self, project: Project) -> MemberSerializer(many=True):
        rows = project.memberships.select_related("user").order_by("pk")
        return MemberSerializer(rows, many=True).data


class WithinProject(serializers.PrimaryKeyRelatedField):
    """A row of the project in question; another project's is as unknown as one that is not there."""

    def __init__(self, *, by: str = "project", **kwargs) -> None:
        self.by = by
        super().__init__(**kwargs)

    def get_queryset(self):
        return super().get_queryset().filter(**{self.by: self.context["project"]})
