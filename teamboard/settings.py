"""Everything comes from the environment; .env.example says why each variable exists."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

from teamboard import environment

# Paths
BASE_DIR = Path(__file__).resolve().parent.parent

environment.load(BASE_DIR / ".env")
env = environment.Environment()

# Security
DEBUG = env.boolean("DEBUG", False)
# Only DEBUG gets a default, so a missing one stops the start.
SECRET_KEY = env.text("SECRET_KEY", "only-for-debug-" + "x" * 40) if DEBUG else env.required("SECRET_KEY")
# Keys for secrets at rest, newest first: all decrypt, the first encrypts.
FIELD_KEYS = env.pieces("FIELD_KEYS") or [SECRET_KEY]
AUTHENTIK_ISSUER = env.address("AUTHENTIK_ISSUER")
AUTHENTIK_CLIENT_ID = env.text("AUTHENTIK_CLIENT_ID")
AUTHENTIK_CLIENT_SECRET = env.secret("AUTHENTIK_CLIENT_SECRET", "AUTHENTIK_CLIENT_SECRET_FILE")
# Instead of what discovery says, by the names of oidc/provider.py.
AUTHENTIK_ENDPOINTS = env.pairs("AUTHENTIK_ENDPOINTS")
PROVIDER_ADDRESSES = [urlsplit(url) for url in (AUTHENTIK_ISSUER, *AUTHENTIK_ENDPOINTS.values()) if url]
PUBLIC_URL = env.origin("PUBLIC_URL", f"http://127.0.0.1:{env.integer('PORT', 8000, most=65535)}")
IS_HTTPS = PUBLIC_URL.startswith("https://")
# Without the port; an IPv6 address in its brackets, as a Host header has it.
PUBLIC_HOST = PUBLIC_URL.partition("://")[2].removesuffix(f":{urlsplit(PUBLIC_URL).port}")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [PUBLIC_HOST, "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
# For repositories and forges; a gateway's row and the provider's variables allow their own addresses.
OUTBOUND_ALLOWED_HOSTS = env.words("OUTBOUND_ALLOWED_HOSTS")

# Repositories by http, without a lock on the way: only for tests and a server on the same machine.
GIT_PLAIN_HTTP = env.boolean("GIT_PLAIN_HTTP", DEBUG)
# The mirrors of repositories. Web and worker both need it: one volume where they are several machines.
GIT_FOLDER = env.path("GIT_FOLDER", BASE_DIR / ".data" / "git")

SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_FAILURE_VIEW = "teamboard.web.csrf_failure.refused"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF, PUBLIC_URL.replace("http", "ws", 1)],
    # Forms that end at the provider: Chromium asks this of each redirect as well.
    "form-action": [CSP.SELF, *sorted({f"{address.scheme}://{address.netloc}" for address in PROVIDER_ADDRESSES})],
    "manifest-src": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
# How long a process that is told to stop says "not ready" before it stops accepting; for load balancers.
DRAIN_SECONDS = env.number("DRAIN_SECONDS", 0)

# Apps
INSTALLED_APPS = [
    "teamboard",
    "apps.accounts",
    "apps.projects",
    "apps.tasks",
    "apps.chat",
    "apps.agents",
    "servestatic",
    "django.contrib.admin.apps.SimpleAdminConfig",  # its pages are found by urls.py: a worker has none
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "axes",
]
MIDDLEWARE = [
    "teamboard.observability.health.AnyHostMiddleware",
    "teamboard.web.https_trouble.HttpsTroubleMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    # Out here, so that what those below refuse has these headers as well.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "teamboard.web.middleware.PrivateByDefaultMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "teamboard.web.middleware.NoNulMiddleware",
    "apps.accounts.middleware.AuditMiddleware",
    "apps.accounts.middleware.LoginSessionMiddleware",
    "teamboard.web.middleware.PersonLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.accounts.middleware.PersonMiddleware",
    "apps.accounts.middleware.SignInRequiredMiddleware",
    "teamboard.web.middleware.PersonTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "teamboard.web.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "teamboard.urls"
ASGI_APPLICATION = "teamboard.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "teamboard.web.page_context.project_rail",
                "teamboard.web.page_context.page_words",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "teamboard.templatetags.page",
            ],
        },
    }
]

# Fields are drawn by templates of ours where templates/django/forms has one.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Data
POSTGRES_PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105 - the variable's name
ROLE_PASSWORDS = {"teamboard_board": "BOARD_DATABASE_PASSWORD"}
DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        "postgresql://localhost/teamboard",
        password=POSTGRES_PASSWORD,
        role_passwords=ROLE_PASSWORDS,
    )
}
# PgBouncer in transaction mode: each transaction may get another session, in which nothing is prepared or set.
TRANSACTION_POOLER = env.boolean("DATABASE_TRANSACTION_POOLER", False)
DATABASES["default"] |= {
    "ENGINE": "teamboard.postgresql",
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": True,  # else each pooled connection fails one request after a database restart
    "OPTIONS": {
        # A network that swallows packets says nothing: a connection through it ends after some ten seconds, not after
        # fifteen minutes, or two hours when only the answer was lost. The address may say otherwise.
        "connect_timeout": 3,
        "tcp_user_timeout": 10_000,  # milliseconds
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        **DATABASES["default"]["OPTIONS"],  # such as sslmode
        "pool": {"min_size": 1, "max_size": env.integer("DATABASE_POOL", 20), "timeout": 3},
        # A pooler knows no such parameters; there the role has them.
        **({} if TRANSACTION_POOLER else {"options": "-c statement_timeout=20000 -c lock_timeout=8000"}),
        # What is asked for the second time on a connection is prepared then: a fifth less CPU for a write.
        "server_side_binding": True,
        "prepare_threshold": None if TRANSACTION_POOLER else 1,
    },
    "DISABLE_SERVER_SIDE_CURSORS": TRANSACTION_POOLER,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.redis("REDIS_URL", "redis://localhost:6379")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A limit that can't be counted is none: nobody waits for the counter, nor asks it again while it is silent.
        "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.3, "retry": None},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"tb{urlsplit(REDIS_URL).path.replace('/', '-')}"},
    }
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "teamboard.web.assets.static.HashedModules"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = str(env.path("STATIC_ROOT", BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
ESBUILD = str(env.path("ESBUILD", BASE_DIR / "node_modules" / ".bin" / "esbuild"))

# Background
CELERY_BROKER_URL = env.redis("BROKER_URL", REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# kombu looks for abandoned messages every interval × throttle seconds; its defaults come to 100 s.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 2,
    "socket_keepalive": True,
    "retry_policy": {"max_retries": 1, "timeout": 2},
    "global_keyprefix": "tb-",
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_BEAT_SCHEDULE = {
    "relay-events": {
        "task": "apps.projects.jobs.relay_overdue",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "start-due-runs": {"task": "apps.agents.jobs.start_due_runs", "schedule": 3.0, "options": {"expires": 3}},
    "repeat-stops": {"task": "apps.agents.jobs.repeat_stops", "schedule": 2.0, "options": {"expires": 2}},
    "reconcile-runs": {
        "task": "apps.agents.jobs.reconcile_runs",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "fetch-previews": {
        "task": "apps.chat.jobs.fetch_remaining_previews",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "forget-unsent-files": {
        "task": "apps.chat.jobs.delete_unsent_files",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "post-activity-digests": {
        "task": "apps.chat.jobs.post_activity_digests",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "delete-old-messages": {
        "task": "apps.chat.jobs.delete_old_messages",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "empty-old-bodies": {"task": "apps.agents.jobs.empty_old_bodies", "schedule": 3600.0, "options": {"expires": 600}},
    "mend-column-counts": {
        "task": "apps.tasks.jobs.mend_column_counts",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "fetch-repositories": {"task": "apps.projects.jobs.fetch_due", "schedule": 30.0, "options": {"expires": 30}},
    "process-deliveries": {
        "task": "apps.projects.jobs.process_overdue_deliveries",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "resync-repositories": {
        "task": "apps.projects.jobs.resync_repositories",
        "schedule": 900.0,
        "options": {"expires": 600},
    },
    "delete-old-deliveries": {
        "task": "apps.projects.jobs.delete_old_deliveries",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "clear-sessions": {"task": "apps.accounts.jobs.clear_sessions", "schedule": 3600.0, "options": {"expires": 600}},
}

# Agents
OPENCLAW_URL = env.address("OPENCLAW_URL")
OPENCLAW_TOKEN = env.text("OPENCLAW_TOKEN")
OPENCLAW_GATEWAY_TOKEN = env.text("OPENCLAW_GATEWAY_TOKEN")
OPENCLAW_CALLBACK_SECRET = env.text("OPENCLAW_CALLBACK_SECRET")
OPENCLAW_MAPPED_HOOKS = env.boolean("OPENCLAW_MAPPED_HOOKS", False)
OPENCLAW_ACCEPT_UNPROVED = env.boolean("OPENCLAW_ACCEPT_UNPROVED", False)
OPENCLAW_IS_PRACTICE = env.boolean("OPENCLAW_IS_PRACTICE", False)
RUN_BODY_DAYS = env.integer("RUN_BODY_DAYS", 0, least=0)

# Login
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "apps.accounts.login.backends.PeopleBackend"]
# Off: the password form is gone, but for superusers at /accounts/sign-in/local/.
LOCAL_SIGN_IN = env.boolean("LOCAL_SIGN_IN", True)
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "projects:list"
SESSION_ENGINE = "apps.accounts.sessions.engine"
# How long a session lasts in all, and without being used.
AUTHENTIK_SESSION = timedelta(hours=env.number("AUTHENTIK_SESSION_HOURS", 12))
AUTHENTIK_SESSION_IDLE = timedelta(hours=env.number("AUTHENTIK_SESSION_IDLE_HOURS", 2))
LOCAL_SESSION = timedelta(hours=env.number("LOCAL_SESSION_HOURS", 168))
LOCAL_SESSION_IDLE = timedelta(hours=env.number("LOCAL_SESSION_IDLE_HOURS", 12))
PASSWORD_HASHERS = [
    "apps.accounts.login.password_hasher.SlottedArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTIK_SCOPES = env.text("AUTHENTIK_SCOPES", "openid profile email")
AUTHENTIK_ALGORITHM = env.text("AUTHENTIK_ALGORITHM", "RS256")
AUTHENTIK_GROUPS_CLAIM = env.text("AUTHENTIK_GROUPS_CLAIM", "groups")
AUTHENTIK_USERS_GROUP = env.optional("AUTHENTIK_USERS_GROUP", "teamboard-users")
AUTHENTIK_ADMINS_GROUP = env.optional("AUTHENTIK_ADMINS_GROUP", "teamboard-admins")
AUTHENTIK_CREATE_PEOPLE = env.boolean("AUTHENTIK_CREATE_PEOPLE", True)
# Access tokens of the provider as keys to the API: for these audiences, issued to these clients.
AUTHENTIK_API = env.boolean("AUTHENTIK_API", False)
AUTHENTIK_API_AUDIENCE = env.pieces("AUTHENTIK_API_AUDIENCE")
AUTHENTIK_API_CLIENTS = env.pieces("AUTHENTIK_API_CLIENTS")
OIDC_MAX_STATES = 10  # in one session: mozilla-django-oidc's, the only setting of its own that it is given
GROUP_ROLES = env.pieces("GROUP_ROLES")
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_LOCKOUT_CALLABLE = "apps.accounts.login.views.locked_out"
AXES_RESET_ON_SUCCESS = True
# It keeps what was sent with a failure; these are masked besides `password`.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "old_password", "new_password1", "new_password2"]
AXES_VERBOSE = False

# Languages
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]  # each as those who speak it call it
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True

# API
CHAT_EDIT_HOURS = env.integer("CHAT_EDIT_HOURS", 24)
LARGEST_FILE = env.integer("LARGEST_FILE", 25 * 1024 * 1024)  # bytes
PROJECT_FILES = env.integer("PROJECT_FILES", 1024 * 1024 * 1024)
LINK_PREVIEWS = env.boolean("LINK_PREVIEWS", True)
WEBHOOKS_PER_MINUTE = env.integer("WEBHOOKS_PER_MINUTE", 600)
CHAT_MESSAGES_PER_MINUTE = env.integer("CHAT_MESSAGES_PER_MINUTE", 60)
API_READS_PER_MINUTE = env.integer("API_READS_PER_MINUTE", 300)
API_WRITES_PER_MINUTE = env.integer("API_WRITES_PER_MINUTE", 120)
API_FAILURES_PER_MINUTE = env.integer("API_FAILURES_PER_MINUTE", 60)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.tokens.authentication.BearerToken",
        "apps.accounts.tokens.authentication.Session",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["teamboard.rest.errors.BoundedJSON"],
    "DEFAULT_SCHEMA_CLASS": "teamboard.rest.schema.Operation",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "teamboard.rest.errors.exception_handler",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.rate_limits.PerMinute"],
}
SPECTACULAR_SETTINGS = {
    # Fields of one name with different choices: each list has a name of its own in the schema.
    "ENUM_NAME_OVERRIDES": {
        "PullRequestStateEnum": "apps.projects.models.PullRequest.State",
        "PullRequestReviewEnum": "apps.projects.models.PullRequest.Review",
        "CheckStateEnum": "apps.projects.models.CheckRun.State",
        "ReviewEnum": ["waiting", "accepted", "changes_requested"],
    },
    "TITLE": "Team Board",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Tasks, runs, rooms, repositories and members, for programs. Send a personal token as bearer token.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Logging
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "teamboard.observability.log_format.FactsFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
        # A line for each tick of the sweepers would bury the others.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
