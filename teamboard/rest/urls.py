"""/api/v1/: which door of the programs leads to which room."""

from django.urls import path

from apps.agents.roster import api as roster
from apps.agents.runs import api as runs
from apps.agents.runs.callbacks.callback_view import callback
from apps.chat.attachments import api as attachments
from apps.chat.messages import api as messages
from apps.chat.rooms import api as rooms
from apps.chat.search import api as search
from apps.projects import api as projects
from apps.projects.git import api as git
from apps.projects.git import pull_request_api as requests
from apps.tasks.board import api as board
from apps.tasks.code import api as code
from apps.tasks.detail import api as detail
from teamboard.rest import docs

app_name = "api"
urlpatterns = [
    path("projects/", projects.ProjectsView.as_view(), name="projects"),
    path("projects/<str:key>/", projects.ProjectView.as_view(), name="project"),
    path("projects/<str:key>/members/", projects.MembersView.as_view(), name="members"),
    path("projects/<str:key>/members/<int:pk>/", projects.MemberView.as_view(), name="member"),
    path("projects/<str:key>/invitations/", projects.InvitationsView.as_view(), name="invitations"),
    path("projects/<str:key>/invitations/<int:pk>/", projects.InvitationView.as_view(), name="invitation"),
    path("projects/<str:key>/columns/", board.ColumnsView.as_view(), name="columns"),
    path("projects/<str:key>/labels/", board.LabelsView.as_view(), name="labels"),
    path("projects/<str:key>/tasks/", board.TasksView.as_view(), name="tasks"),
    path("projects/<str:key>/pull-request-rules/", code.PullRequestRulesView.as_view(), name="pull-request-rules"),
    path("projects/<str:key>/branch-names/", code.BranchNamesView.as_view(), name="branch-names"),
    path("projects/<str:key>/pause/", runs.PauseView.as_view(), name="pause"),
    path("projects/<str:key>/resume/", runs.ResumeView.as_view(), name="resume"),
    path("projects/<str:key>/repositories/", git.RepositoriesView.as_view(), name="repositories"),
    path("projects/<str:key>/rooms/", rooms.RoomsView.as_view(), name="rooms"),
    path("projects/<str:key>/messages/", search.SearchView.as_view(), name="search"),
    path("projects/<str:key>/retention/", rooms.RetentionView.as_view(), name="retention"),
    path("projects/<str:key>/unread/", rooms.UnreadView.as_view(), name="unread"),
    path("rooms/<int:pk>/", rooms.RoomView.as_view(), name="room"),
    path("rooms/<int:pk>/messages/", messages.MessagesView.as_view(), name="messages"),
    path("rooms/<int:pk>/read/", rooms.ReadView.as_view(), name="read"),
    path("rooms/<int:pk>/subscription/", rooms.SubscriptionView.as_view(), name="subscription"),
    path("rooms/<int:pk>/files/", attachments.FilesView.as_view(), name="files"),
    path("files/<uuid:pk>/", attachments.FileView.as_view(), name="file"),
    path("rooms/<int:pk>/pins/", messages.PinsView.as_view(), name="pins"),
    path("messages/<int:pk>/", messages.MessageView.as_view(), name="message"),
    path("messages/<int:pk>/reactions/", messages.ReactionsView.as_view(), name="reactions"),
    path("messages/<int:pk>/previews/", messages.PreviewsView.as_view(), name="previews"),
    path("messages/<int:pk>/pin/", messages.PinView.as_view(), name="pin"),
    path("repositories/<int:pk>/", git.RepositoryView.as_view(), name="repository"),
    path("repositories/<int:pk>/mirror/", git.MirrorView.as_view(), name="mirror"),
    path("repositories/<int:pk>/branches/", git.BranchesView.as_view(), name="branches"),
    path("repositories/<int:pk>/commits/", git.CommitsView.as_view(), name="commits"),
    path("tasks/<int:pk>/", detail.TaskView.as_view(), name="task"),
    path("tasks/<int:pk>/move/", board.MoveView.as_view(), name="move"),
    path("tasks/<int:pk>/links/", code.LinksView.as_view(), name="links"),
    path("links/<int:pk>/", code.LinkView.as_view(), name="link"),
    path("tasks/<int:pk>/start/", code.StartView.as_view(), name="start"),
    path("tasks/<int:pk>/comments/", detail.CommentsView.as_view(), name="comments"),
    path("repositories/<int:pk>/pull-requests/", requests.PullRequestsView.as_view(), name="pull-requests"),
    path("repositories/<int:pk>/pull-requests/<int:number>/", requests.PullRequestView.as_view(), name="pull-request"),
    path("agents/", roster.AgentsView.as_view(), name="agents"),
    path("agents/callback/", callback, name="callback"),
    path("agents/<uuid:pk>/", roster.AgentView.as_view(), name="agent"),
    path("agents/<uuid:pk>/assign/", runs.AssignView.as_view(), name="assign"),
    path("runs/", runs.RunsView.as_view(), name="runs"),
    path("runs/<uuid:pk>/", runs.RunView.as_view(), name="run"),
    path("runs/<uuid:pk>/cancel/", runs.CancelView.as_view(), name="cancel"),
    path("runs/<uuid:pk>/retry/", runs.RetryView.as_view(), name="retry"),
    path("runs/<uuid:pk>/retry-alike/", runs.RetryAlikeView.as_view(), name="retry-alike"),
    path("runs/<uuid:pk>/accept/", runs.AcceptView.as_view(), name="accept"),
    path("runs/<uuid:pk>/request-changes/", runs.RequestChangesView.as_view(), name="request-changes"),
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("docs/", docs.page, name="docs"),
]
