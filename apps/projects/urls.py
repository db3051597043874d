from django.urls import path

from apps.projects import views
from apps.projects.audit import views as audit_views
from apps.projects.git.pages import views as code_views
from apps.projects.git.repositories import views as repository_views
from apps.projects.git.webhooks import log_views
from apps.projects.members import invitation_views
from apps.projects.members import views as member_views

app_name = "projects"
urlpatterns = [
    path("", views.projects, name="list"),
    path("new/", views.create, name="create"),
    path("<str:key>/audit/", audit_views.audit, name="audit"),
    path("<str:key>/audit.csv", audit_views.export, name="audit-export"),
    path("<str:key>/members/", member_views.members, name="members"),
    path("<str:key>/members/leave/", member_views.leave, name="leave"),
    path("<str:key>/invitations/", invitation_views.create, name="create-invitation"),
    path("<str:key>/invitations/<int:pk>/revoke/", invitation_views.revoke, name="revoke-invitation"),
    path("<str:key>/members/<int:pk>/role/", member_views.set_role, name="set-role"),
    path("<str:key>/members/<int:pk>/remove/", member_views.remove, name="remove"),
    path("<str:key>/members/<int:pk>/hand-over/", member_views.hand_over, name="hand-over"),
    path("<str:key>/settings/repositories/<int:pk>/deliveries/", log_views.log, name="deliveries"),
    path("<str:key>/settings/repositories/<int:pk>/resync/", log_views.start_resync, name="resync"),
    path("<str:key>/settings/repositories/<int:pk>/deliveries/<int:number>/", log_views.delivery, name="delivery"),
    path("<str:key>/settings/repositories/<int:pk>/deliveries/<int:number>/replay/", log_views.replay, name="replay"),
    path("<str:key>/code/", code_views.code, name="code"),
    path("<str:key>/code/<int:pk>/branches/", code_views.branches, name="branches"),
    path("<str:key>/code/<int:pk>/commits/", code_views.commits, name="commits"),
    path("<str:key>/code/<int:pk>/commits/<str:sha>/", code_views.commit, name="commit"),
    path("<str:key>/code/<int:pk>/compare/", code_views.compare, name="compare"),
    path("<str:key>/settings/repositories/", repository_views.repositories, name="repositories"),
    path("<str:key>/settings/repositories/<int:pk>/", repository_views.repository, name="repository"),
    path("<str:key>/settings/repositories/<int:pk>/test/", repository_views.test, name="test-repository"),
    path("<str:key>/settings/repositories/<int:pk>/rotate/", repository_views.rotate, name="rotate-secret"),
    path("<str:key>/settings/repositories/<int:pk>/mirror/", repository_views.mirror_again, name="mirror-again"),
    path("<str:key>/settings/repositories/<int:pk>/remove/", repository_views.remove, name="remove-repository"),
]
