#!/usr/bin/env python3
"""A small OpenID Provider with Authentik's URL layout, claims and habits.

For development and end-to-end tests only: users, passwords and the control API
are open to anyone who can reach the port, so it binds to loopback.  Needs PyJWT
and cryptography (mozilla-django-oidc depends on both) and nothing else.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import html
import json
import os
import re
import secrets
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit, urlunsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ACR = "goauthentik.io/providers/oauth2/default"
RESERVED = {"authorize", "token", "device", "userinfo", "introspect", "revoke"}
LOGIN_PATH = "/if/flow/default-authentication-flow/"
PORTAL = "/if/user/"
SCOPES = ["openid", "email", "profile", "entitlements", "offline_access"]


class OAuthError(Exception):
    def __init__(self, code, description="", status=400):
        super().__init__(code)
        self.code, self.description, self.status = code, description, status


def b64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_query(url, params):
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True) + list(params.items())
    return urlunsplit(parts._replace(query=urlencode(query)))


def uri_allowed(uri, allowed):
    """Strict comparison, or a full regular-expression match for 're:' entries."""
    return any(
        re.fullmatch(item[3:], uri) is not None if item.startswith("re:") else hmac.compare_digest(item, uri)
        for item in allowed
    )


class Key:
    def __init__(self, alg):
        self.alg, self.kid = alg, secrets.token_hex(16)
        if alg.startswith("RS"):
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self):
        to_jwk = RSAAlgorithm.to_jwk if self.alg.startswith("RS") else ECAlgorithm.to_jwk
        public = to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        return {**public, "kid": self.kid, "alg": self.alg, "use": "sig"}


class State:
    """Everything the provider remembers; one lock guards it."""

    def __init__(self, config):
        self.config = config
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        cfg = self.config
        self.users = {u["username"]: dict(u) for u in json.loads(json.dumps(cfg["users"]))}
        self.clients = {c["client_id"]: dict(c) for c in json.loads(json.dumps(cfg["clients"]))}
        self.by_slug = {c["slug"]: c for c in self.clients.values()}
        self.keys = [Key("RS256" if cfg["alg"] == "HS256" else cfg["alg"])]
        self.sessions, self.codes, self.access, self.refresh = {}, {}, {}, {}
        self.faults, self.log = [], []
        self.clock_offset = 0

    def now(self):
        return int(time.time() + self.clock_offset)

    def record(self, kind, **data):
        with self.lock:
            self.log.append({"at": time.time(), "event": kind, **data})

    def sub(self, user):
        mode = self.config["sub_mode"]
        if mode == "hashed_user_id":
            return hashlib.sha256(f"{user['id']}-{self.config['instance']}".encode()).hexdigest()
        return str(
            {
                "user_id": user["id"],
                "user_uuid": user.get("uuid", user["id"]),
                "user_email": user.get("email", ""),
                "user_username": user["username"],
            }[mode]
        )

    def claims(self, user, scopes):
        out = {}
        if "email" in scopes:
            out.update(email=user.get("email", ""), email_verified=user.get("email_verified", False))
        if "profile" in scopes:
            out.update(
                name=user["name"],
                given_name=user["name"],
                preferred_username=user["username"],
                nickname=user["username"],
                groups=list(user.get("groups", [])),
            )
        if "entitlements" in scopes:
            out.update(entitlements=list(user.get("entitlements", [])), roles=list(user.get("entitlements", [])))
        out.update(user.get("extra_claims", {}))
        return out

    def fault(self, where):
        """Pop the first armed fault for a place; None when there is none."""
        with self.lock:
            for fault in self.faults:
                if fault["where"] == where and fault.get("times", 1) > 0:
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
        return None

    def sign(self, client, payload, typ="JWT", fault=None):
        fault = fault or {}
        payload = {**payload, **fault.get("claims", {})}
        for name in fault.get("drop", []):
            payload.pop(name, None)
        if fault.get("unsigned"):
            return jwt.encode(payload, None, algorithm="none", headers={"typ": typ})
        if self.config["alg"] == "HS256" or fault.get("hs256"):
            return jwt.encode(payload, client["client_secret"], algorithm="HS256", headers={"typ": typ})
        key = Key(self.config["alg"]) if fault.get("foreign_key") else self.keys[0]
        kid = self.keys[0].kid if fault.get("foreign_key") == "same_kid" else key.kid
        return jwt.encode(payload, key.private, algorithm=key.alg, headers={"kid": kid, "typ": typ})

    def base_claims(self, client, user, scopes, issuer, ttl, session, nonce, auth_time):
        payload = {
            "iss": issuer,
            "sub": self.sub(user),
            "aud": client["client_id"],
            "exp": self.now() + ttl,
            "iat": self.now(),
            "auth_time": auth_time,
            "acr": ACR,
            "amr": ["pwd"],
        }
        if nonce:
            payload["nonce"] = nonce
        if session:
            payload["sid"] = hashlib.sha256(session.encode()).hexdigest()
        payload.update(self.claims(user, scopes))
        return payload

    def issue(self, client, user, scopes, issuer, session=None, nonce=None, auth_time=None, refresh=False):
        ttl = self.config["access_ttl"]
        auth_time = auth_time or self.now()
        base = self.base_claims(client, user, scopes, issuer, ttl, session, nonce, auth_time)
        access = self.sign(
            client,
            {**base, "azp": client["client_id"], "uid": secrets.token_urlsafe(24), "scope": " ".join(scopes)},
            fault=self.fault("access_token"),
        )
        grant = {
            "client_id": client["client_id"],
            "username": user["username"],
            "scopes": list(scopes),
            "session": session,
            "expires": time.time() + ttl,
            "issuer": issuer,
            "nonce": nonce,
            "auth_time": auth_time,
            "sub": base["sub"],
        }
        self.access[access] = grant
        body = {"access_token": access, "token_type": "Bearer", "scope": " ".join(scopes), "expires_in": ttl}
        if "openid" in scopes:
            at_hash = b64url(hashlib.sha256(access.encode()).digest()[:16])
            body["id_token"] = self.sign(client, {**base, "at_hash": at_hash}, fault=self.fault("id_token"))
        if refresh:
            token = secrets.token_urlsafe(48)
            self.refresh[token] = {**grant, "expires": time.time() + self.config["refresh_ttl"]}
            body["refresh_token"] = token
        return body

    def logout_token(self, client, issuer, sub=None, session=None, fault=None):
        payload = {
            "iss": issuer,
            "aud": client["client_id"],
            "iat": self.now(),
            "exp": self.now() + 120,
            "jti": secrets.token_hex(16),
            "events": {LOGOUT_EVENT: {}},
        }
        if sub:
            payload["sub"] = sub
        if session:
            payload["sid"] = hashlib.sha256(session.encode()).hexdigest()
        return self.sign(client, payload, typ="logout+jwt", fault=fault)

    def end_session(self, session_id):
        """Delete a provider session; revoke what it issued; notify each client once."""
        with self.lock:
            if self.sessions.pop(session_id, None) is None:
                return
            grants = {g["client_id"]: g for g in self.access.values() if g["session"] == session_id}
            self.access = {t: g for t, g in self.access.items() if g["session"] != session_id}
        for client_id, grant in grants.items():
            client = self.clients[client_id]
            if client.get("backchannel_uri"):
                token = self.logout_token(client, grant["issuer"], grant["sub"], session_id, self.fault("logout_token"))
                threading.Thread(target=self.post_logout, args=(client, token), daemon=True).start()

    def post_logout(self, client, token):
        request = urllib.request.Request(
            client["backchannel_uri"],
            urlencode({"logout_token": token}).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                status = response.status
        except urllib.error.HTTPError as exc:
            status = exc.code
        except OSError as exc:
            status = repr(exc)
        self.record("backchannel_logout", client_id=client["client_id"], status=status)


class Handler(BaseHTTPRequestHandler):
    server_version = "AuthentikLikeOP"
    protocol_version = "HTTP/1.1"
    state: State

    # -- plumbing ---------------------------------------------------------
    def log_message(self, fmt, *args):
        if self.state.config["verbose"]:
            sys.stderr.write("op: " + fmt % args + "\n")

    @property
    def base(self):
        return self.state.config["base_url"] or f"http://{self.headers.get('Host', '127.0.0.1')}"

    def issuer(self, client):
        if self.state.config["issuer_mode"] == "global":
            return f"{self.base}/"
        return f"{self.base}/application/o/{client['slug']}/"

    def send(self, status, body=b"", content_type="text/html; charset=utf-8", headers=()):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, data, status=200, headers=()):
        self.send(status, json.dumps(data, indent=2), "application/json", headers)

    def redirect(self, url, headers=()):
        self.send(302, headers=[("Location", url), *headers])

    def page(self, title, body, status=200, headers=()):
        self.send(
            status,
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)} - authentik</title>"
            f"<main><h1>{html.escape(title)}</h1>{body}</main></html>",
            headers=headers,
        )

    def session(self):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("authentik_session")
        if not cookie:
            return None, None
        record = self.state.sessions.get(cookie.value)
        if record and self.state.users.get(record["username"], {}).get("is_active", True):
            return cookie.value, record
        return None, None

    def do_GET(self):
        self.dispatch()

    def do_POST(self):
        self.dispatch()

    def dispatch(self):
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        is_json = "json" in (self.headers.get("Content-Type") or "")
        self.form = {} if is_json else {k: v[-1] for k, v in parse_qs(raw.decode(), keep_blank_values=True).items()}
        self.params = {**self.query, **self.form}
        path = parts.path
        try:
            if path.startswith("/_test/"):
                return self.control(
                    path[7:].strip("/"), json.loads(raw or b"{}") if is_json or not self.form else self.form
                )
            if path == "/-/health/ready/":
                return self.send(200, "ok")
            name, client = self.route(path)
            self.state.record("request", method=self.command, endpoint=name or path)
            fault = self.state.fault(name) if name else None
            if fault:
                if fault.get("delay"):
                    time.sleep(fault["delay"])
                if fault.get("drop_connection"):
                    self.close_connection = True
                    return None
                if fault.get("status"):
                    return self.send(
                        fault["status"], fault.get("body", "injected fault"), fault.get("content_type", "text/html")
                    )
            if name is None:
                return self.page("Not found", "", 404)
            return getattr(self, "ep_" + name)(client) if client is not None else getattr(self, "ep_" + name)()
        except OAuthError as exc:
            headers = [("WWW-Authenticate", 'Basic realm="authentik"')] if exc.status == 401 else []
            return self.json({"error": exc.code, "error_description": exc.description}, exc.status, headers)
        except (ValueError, KeyError, TypeError) as exc:
            return self.json({"error": "invalid_request", "error_description": repr(exc)}, 400)

    def route(self, path):
        fixed = {
            "/application/o/authorize/": "authorize",
            "/application/o/token/": "token",
            "/application/o/userinfo/": "userinfo",
            "/application/o/introspect/": "introspect",
            "/application/o/revoke/": "revoke",
            LOGIN_PATH: "login",
            PORTAL: "portal",
            "/flows/-/default/invalidation/": "logout",
        }
        if path in fixed:
            return fixed[path], None
        match = re.fullmatch(r"/application/o/([-\w]+)/(.*)", path)
        if match and match[1] in self.state.by_slug:
            name = {
                ".well-known/openid-configuration": "discovery",
                "jwks/": "jwks",
                "end-session/": "end_session",
            }.get(match[2])
            return name, self.state.by_slug[match[1]]
        return None, None

    # -- OpenID endpoints -------------------------------------------------
    def ep_discovery(self, client):
        app, cfg = f"{self.base}/application/o", self.state.config
        self.json(
            {
                "issuer": self.issuer(client),
                "authorization_endpoint": f"{app}/authorize/",
                "token_endpoint": f"{app}/token/",
                "userinfo_endpoint": f"{app}/userinfo/",
                "end_session_endpoint": f"{app}/{client['slug']}/end-session/",
                "introspection_endpoint": f"{app}/introspect/",
                "revocation_endpoint": f"{app}/revoke/",
                "jwks_uri": f"{app}/{client['slug']}/jwks/",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", "password"],
                "id_token_signing_alg_values_supported": [cfg["alg"]],
                "subject_types_supported": ["public"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "acr_values_supported": [ACR],
                "scopes_supported": client.get("scopes", SCOPES),
                "request_parameter_supported": False,
                "claims_parameter_supported": False,
                "claims_supported": [
                    "sub",
                    "iss",
                    "aud",
                    "exp",
                    "iat",
                    "auth_time",
                    "acr",
                    "amr",
                    "nonce",
                    "email",
                    "email_verified",
                    "name",
                    "given_name",
                    "preferred_username",
                    "nickname",
                    "groups",
                ],
                "code_challenge_methods_supported": ["plain", "S256"],
                "backchannel_logout_supported": True,
                "backchannel_logout_session_supported": True,
            }
        )

    def ep_jwks(self, client):
        self.json({} if self.state.config["alg"] == "HS256" else {"keys": [k.jwk() for k in self.state.keys]})

    def ep_authorize(self):
        p = self.params
        client = self.state.clients.get(p.get("client_id", ""))
        if not client:
            return self.page("Bad request", "<p>invalid_client</p>", 400)
        uri = p.get("redirect_uri", "")
        if not uri or not uri_allowed(uri, client["redirect_uris"]):
            self.state.record("redirect_uri_error", given=uri)
            return self.page(
                "Redirect URI Error",
                "<p>The request fails due to a missing, invalid, or mismatching redirection URI (redirect_uri).</p>",
                400,
            )

        def fail(code, text=""):
            return self.redirect(
                with_query(uri, {"error": code, "error_description": text, "state": p.get("state", "")})
            )

        if p.get("response_type") != "code":
            return fail("unsupported_response_type")
        scopes = [s for s in p.get("scope", "").split() or SCOPES if s in client.get("scopes", SCOPES)]
        if p.get("code_challenge") and p.get("code_challenge_method", "plain") not in ("S256", "plain"):
            return fail("invalid_request", "Unsupported challenge method")
        if client.get("require_pkce") and p.get("code_challenge_method") != "S256":
            return fail("invalid_request", "PKCE with S256 is required")
        prompt = set(p.get("prompt", "").split())
        sid, session = self.session()
        stale = session and p.get("max_age") and self.state.now() - session["auth_time"] > int(p["max_age"])
        if "none" in prompt and (not session or stale):
            return fail("login_required", "The Authorization Server requires End-User authentication")
        if not session or stale or ("login" in prompt and self.query.get("_done") != sid):
            url = f"{self.base}{LOGIN_PATH}?" + urlencode({"next": "/application/o/authorize/?" + urlencode(p)})
            return self.redirect(url)
        user = self.state.users[session["username"]]
        if client.get("required_group") and client["required_group"] not in user.get("groups", []):
            return self.page(
                "Permission denied",
                f"<p>Request has been denied.</p><p id=who>{html.escape(user['username'])}</p>"
                '<a href="/flows/-/default/invalidation/">Not you?</a>',
                403,
            )
        code = secrets.token_hex(16)
        self.state.codes[code] = {
            "client_id": client["client_id"],
            "username": user["username"],
            "scopes": scopes,
            "uri": uri,
            "nonce": p.get("nonce"),
            "challenge": p.get("code_challenge"),
            "session": sid,
            "method": p.get("code_challenge_method", "plain"),
            "auth_time": session["auth_time"],
            "issuer": self.issuer(client),
            "expires": time.time() + self.state.config["code_ttl"],
        }
        self.state.record(
            "authorize",
            **{k: p.get(k) for k in ("scope", "prompt", "nonce", "state", "code_challenge_method", "redirect_uri")},
        )
        self.redirect(with_query(uri, {"code": code, "state": p.get("state", "")}))
        return None

    def client_auth(self):
        header = self.headers.get("Authorization", "")
        if header.startswith("Basic "):
            client_id, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        else:
            client_id, secret = self.form.get("client_id", ""), self.form.get("client_secret", "")
        client = self.state.clients.get(client_id)
        if not client:
            raise OAuthError("invalid_client", "Client authentication failed", 400)
        return client, secret, hmac.compare_digest(client["client_secret"], secret)

    def ep_token(self):
        if self.command != "POST":
            return self.send(405)
        client, secret, proven = self.client_auth()
        grant_type = self.form.get("grant_type")
        with self.state.lock:
            if grant_type == "authorization_code":
                body = self.grant_code(client, proven)
            elif grant_type == "refresh_token":
                body = self.grant_refresh(client, proven)
            elif grant_type in ("client_credentials", "password"):
                body = self.grant_machine(client, secret, proven)
            else:
                raise OAuthError("unsupported_grant_type")
        self.state.record("token", grant_type=grant_type, pkce="code_verifier" in self.form)
        fault = self.state.fault("token_body")
        for name in (fault or {}).get("drop", []):
            body.pop(name, None)
        self.json(body)
        return None

    def grant_code(self, client, proven):
        if not proven:
            raise OAuthError("invalid_client", "Client authentication failed")
        code = self.state.codes.pop(self.form.get("code", ""), None)
        if not code or code["expires"] < time.time() or code["client_id"] != client["client_id"]:
            raise OAuthError("invalid_grant", "The code is invalid, used or expired")
        if code["uri"] != self.form.get("redirect_uri"):
            raise OAuthError("invalid_grant", "redirect_uri differs")
        verifier = self.form.get("code_verifier", "")
        if code["challenge"]:
            given = b64url(hashlib.sha256(verifier.encode()).digest()) if code["method"] == "S256" else verifier
            if not hmac.compare_digest(given, code["challenge"]):
                raise OAuthError("invalid_grant", "code_verifier differs")
        elif verifier:
            raise OAuthError("invalid_grant", "code_verifier without a code_challenge")
        user = self.state.users.get(code["username"])
        if not user or not user.get("is_active", True):
            raise OAuthError("invalid_grant", "The user is gone")
        return self.state.issue(
            client,
            user,
            code["scopes"],
            code["issuer"],
            code["session"],
            code["nonce"],
            code["auth_time"],
            refresh="offline_access" in code["scopes"],
        )

    def grant_refresh(self, client, proven):
        old = self.state.refresh.pop(self.form.get("refresh_token", ""), None)
        if not proven or not old or old["expires"] < time.time() or old["client_id"] != client["client_id"]:
            raise OAuthError("invalid_grant", "The refresh token is invalid")
        user = self.state.users.get(old["username"])
        if not user or not user.get("is_active", True):
            raise OAuthError("invalid_grant", "The user is gone")
        return self.state.issue(
            client, user, old["scopes"], old["issuer"], old["session"], None, old["auth_time"], True
        )

    def grant_machine(self, client, secret, proven):
        username, password = self.form.get("username"), self.form.get("password")
        if not username and not proven:
            try:
                username, _, password = base64.b64decode(secret).decode().partition(":")
            except ValueError:
                raise OAuthError("invalid_grant") from None
        if username:
            user = self.state.users.get(username)
            if not user or not user.get("is_active", True) or password not in user.get("app_passwords", []):
                raise OAuthError("invalid_grant", "Unknown user or app password")
        else:
            name = f"ak-{client['slug']}-client_credentials"
            user = self.state.users.setdefault(
                name, {"id": 90000 + len(self.state.users), "username": name, "name": name, "email": "", "groups": []}
            )
        scopes = [s for s in self.form.get("scope", "").split() if s in client.get("scopes", SCOPES)]
        return self.state.issue(client, user, scopes, self.issuer(client))

    def bearer_error(self, code, status=401):
        # Authentik sends no "Bearer" scheme here.
        self.send(
            status,
            headers=[
                (
                    "WWW-Authenticate",
                    f'error="{code}", error_description="The access token provided is expired, revoked, malformed, or invalid for other reasons"',  # noqa: E501
                )
            ],
        )

    def ep_userinfo(self):
        header = self.headers.get("Authorization", "")
        token = header.split()[1] if re.match(r"^[Bb]earer\s\S+$", header) else self.params.get("access_token")
        grant = self.state.access.get(token or "")
        if not grant or grant["expires"] < time.time():
            return self.bearer_error("invalid_token")
        if "openid" not in grant["scopes"]:
            return self.bearer_error("insufficient_scope", 403)
        user = self.state.users.get(grant["username"])
        if not user or not user.get("is_active", True):
            return self.bearer_error("invalid_token")
        claims = {"sub": grant["sub"], **self.state.claims(user, grant["scopes"])}
        if grant["nonce"]:
            claims["nonce"] = grant["nonce"]
        fault = self.state.fault("userinfo_claims") or {}
        claims.update(fault.get("claims", {}))
        for name in fault.get("drop", []):
            claims.pop(name, None)
        return self.json(claims)

    def ep_introspect(self):
        client, _, proven = self.client_auth()
        if not proven:
            raise OAuthError("invalid_client", status=401)
        token = self.form.get("token", "")
        grant = self.state.access.get(token) or self.state.refresh.get(token)
        if not grant or grant["client_id"] != client["client_id"] or grant["expires"] < time.time():
            return self.json({"active": False})
        return self.json(
            {
                "active": True,
                "scope": " ".join(grant["scopes"]),
                "client_id": grant["client_id"],
                "sub": grant["sub"],
                "iss": grant["issuer"],
                "aud": grant["client_id"],
                "exp": int(grant["expires"]),
            }
        )

    def ep_revoke(self):
        client, _, proven = self.client_auth()
        if not proven:
            raise OAuthError("invalid_client", status=401)
        token = self.form.get("token", "")
        for store in (self.state.access, self.state.refresh):
            if store.get(token, {}).get("client_id") == client["client_id"]:
                del store[token]
        return self.send(200)

    def ep_end_session(self, client):
        uri, sid = self.params.get("post_logout_redirect_uri"), self.session()[0]
        hint = self.params.get("id_token_hint")
        self.state.record("end_session", hint=bool(hint), post_logout_redirect_uri=uri)
        if hint:
            try:
                key = (
                    client["client_secret"]
                    if self.state.config["alg"] == "HS256"
                    else [k.private.public_key() for k in self.state.keys]
                )
                jwt.decode(
                    hint,
                    key if isinstance(key, str) else key[0],
                    algorithms=[self.state.config["alg"]],
                    audience=client["client_id"],
                    issuer=self.issuer(client),
                    options={"verify_exp": False},
                )
            except jwt.InvalidTokenError:
                return self.page("Bad request", "<p>invalid id_token_hint</p>", 400)
        if uri and not uri_allowed(uri, client.get("post_logout_uris", [])):
            return self.page("Bad request", "<p>The post_logout_redirect_uri is not registered.</p>", 400)
        if self.state.config["end_session_ends_sso"] and sid:
            self.state.end_session(sid)
        elif sid:  # the default provider invalidation flow keeps the provider session
            self.state.access = {
                t: g
                for t, g in self.state.access.items()
                if not (g["session"] == sid and g["client_id"] == client["client_id"])
            }
        if uri and self.state.config["honour_post_logout"]:
            extra = {"state": self.params["state"]} if self.params.get("state") else {}
            return self.redirect(with_query(uri, extra))
        return self.page(
            "You've logged out of " + client["slug"],
            '<a href="/flows/-/default/invalidation/">Log out of authentik</a>',
        )

    # -- the provider's own pages -----------------------------------------
    def ep_login(self):
        target = self.params.get("next") or PORTAL
        if not target.startswith("/") or target.startswith("//"):
            target = PORTAL
        error = ""
        if self.command == "POST":
            user = self.state.users.get(self.form.get("uidField", ""))
            user = user or next(
                (u for u in self.state.users.values() if u.get("email") and u["email"] == self.form.get("uidField")),
                None,
            )
            if (
                user
                and user.get("is_active", True)
                and "password" in user
                and hmac.compare_digest(user["password"], self.form.get("password", ""))
            ):
                old, sid = self.session()[0], secrets.token_hex(24)
                if old:
                    self.state.end_session(old)
                self.state.sessions[sid] = {"username": user["username"], "auth_time": self.state.now()}
                if target.startswith("/application/o/authorize/"):
                    target = with_query(target, {"_done": sid})
                secure = "; Secure" if self.base.startswith("https") else ""
                return self.redirect(
                    self.base + target,
                    [("Set-Cookie", f"authentik_session={sid}; Path=/; HttpOnly; SameSite=Lax{secure}")],
                )
            error = "<p role=alert>Invalid username or password.</p>"
        self.page(
            "Welcome to authentik!",
            f"""{error}<form method=post action="{LOGIN_PATH}?next={html.escape(quote(target), quote=True)}">
<label>Email or Username <input name=uidField autocomplete=username autofocus required></label>
<label>Password <input name=password type=password autocomplete=current-password required></label>
<button type=submit>Log in</button></form>""",
        )
        return None

    def ep_portal(self):
        session = self.session()[1]
        self.page("My applications", f"<p id=who>{html.escape(session['username'] if session else 'nobody')}</p>")

    def ep_logout(self):
        sid = self.session()[0]
        if sid:
            self.state.end_session(sid)
        self.redirect(self.base + LOGIN_PATH, [("Set-Cookie", "authentik_session=; Path=/; Max-Age=0")])

    # -- control API, for tests -------------------------------------------
    def control(self, name, data):
        state = self.state
        if not hmac.compare_digest(self.headers.get("X-Test-Token", ""), state.config["test_token"]):
            return self.json({"error": "X-Test-Token"}, 403)
        with state.lock:
            if name == "reset":
                state.reset()
            elif name == "log":
                return self.json(state.log)
            elif name == "config":
                state.config.update(data)
                if "alg" in data and data["alg"] != "HS256":
                    state.keys = [Key(data["alg"])]
            elif name == "client":
                state.clients[data["client_id"]].update(data)
            elif name == "user":
                user = state.users.setdefault(
                    data["username"], {"id": 1000 + len(state.users), "name": data["username"]}
                )
                user.update(data)
                if data.get("rename"):
                    user["username"] = user.pop("rename")
                    state.users[user["username"]] = state.users.pop(data["username"])
                if not user.get("is_active", True):
                    for sid in [s for s, v in state.sessions.items() if v["username"] == user["username"]]:
                        state.end_session(sid)
                    state.access = {t: g for t, g in state.access.items() if g["username"] != user["username"]}
                    state.refresh = {t: g for t, g in state.refresh.items() if g["username"] != user["username"]}
            elif name == "fault":
                state.faults.append(data)
            elif name == "rotate-keys":
                state.keys = [Key(state.keys[0].alg)] + (state.keys if data.get("keep_old") else [])
            elif name == "clock":
                state.clock_offset = data["offset"]
            elif name == "end-sessions":
                for sid in [s for s, v in state.sessions.items() if v["username"] == data["username"]]:
                    state.end_session(sid)
            elif name == "mint":
                client, user = state.clients[data["client_id"]], state.users[data["username"]]
                return self.json(
                    state.issue(client, user, data.get("scope", "openid email profile").split(), self.issuer(client))
                )
            elif name == "logout-token":
                client, user = state.clients[data["client_id"]], state.users.get(data.get("username"))
                return self.json(
                    {
                        "logout_token": state.logout_token(
                            client,
                            self.issuer(client),
                            user and state.sub(user),
                            data.get("session"),
                            data.get("fault"),
                        )
                    }
                )
            elif name == "sub":
                return self.json({"sub": state.sub(state.users[data["username"]])})
            else:
                return self.json({"error": "unknown"}, 404)
        return self.json({"ok": True})


def load_config(args):
    here = Path(__file__).resolve().parent
    config = {
        "base_url": "",
        "alg": "RS256",
        "issuer_mode": "per_provider",
        "sub_mode": "hashed_user_id",
        "instance": "team-board-dev",
        "access_ttl": 300,
        "refresh_ttl": 86400,
        "code_ttl": 60,
        "end_session_ends_sso": True,
        "honour_post_logout": True,
        "test_token": "op-test",
        "verbose": False,
    }
    config.update(json.loads(Path(args.config or here / "config.json").read_text()))
    rp = (args.rp or os.environ.get("OP_RP_URL") or "http://127.0.0.1:8000").rstrip("/")
    config = json.loads(json.dumps(config).replace("{rp}", rp))
    main = config["clients"][0]
    main["client_id"] = args.client_id or os.environ.get("OP_CLIENT_ID") or main["client_id"]
    main["client_secret"] = args.client_secret or os.environ.get("OP_CLIENT_SECRET") or main["client_secret"]
    config["alg"] = args.alg or os.environ.get("OP_ALG") or config["alg"]
    config["base_url"] = (args.base_url or os.environ.get("OP_BASE_URL") or config["base_url"]).rstrip("/")
    config["verbose"] = args.verbose or config["verbose"]
    for client in config["clients"]:
        if client["slug"] in RESERVED:
            raise SystemExit(f"Authentik reserves the slug {client['slug']!r}")
    return config


def make_server(config, host="127.0.0.1", port=0):
    handler = type("BoundHandler", (Handler,), {"state": State(config)})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    server.state = handler.state
    return server


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=os.environ.get("OP_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("OP_PORT", "9400")))
    parser.add_argument("--rp", help="base URL of Team Board, replaces {rp} in the configuration")
    parser.add_argument("--config")
    parser.add_argument("--client-id")
    parser.add_argument("--client-secret")
    parser.add_argument("--alg", choices=["RS256", "ES256", "HS256"])
    parser.add_argument("--base-url", help="public URL of this provider when behind a proxy")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args(argv)
    server = make_server(load_config(args), args.host, args.port)
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*args.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
