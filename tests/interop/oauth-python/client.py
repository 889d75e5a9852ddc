"""Unmodified Authlib with the platform: connect, refresh, reuse.

Prints the authorization URL, reads the redirect from standard input, and prints the results.
"""

import json
import os

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

TOKEN_URL = os.environ["AUTH_BASE"] + "/oauth/token"
PARTICIPANTS = f"{os.environ['API_BASE']}/events/{os.environ['EVENT_ID']}/participants"
verifier = generate_token(48)

session = OAuth2Session(
    os.environ["CLIENT_ID"],
    os.environ["CLIENT_SECRET"],
    scope="event.read participants.read",
    redirect_uri=os.environ["REDIRECT_URI"],
    token_endpoint_auth_method=os.environ["METHOD"],
    code_challenge_method="S256",
)
url, state = session.create_authorization_url(
    os.environ["AUTH_BASE"] + "/oauth/authorize", code_verifier=verifier, event_id=os.environ["EVENT_ID"]
)
print(url, flush=True)

first = dict(session.fetch_token(TOKEN_URL, authorization_response=input(), state=state, code_verifier=verifier))
statuses = [session.get(PARTICIPANTS).status_code]
second = dict(session.refresh_token(TOKEN_URL, refresh_token=first["refresh_token"]))
statuses.append(session.get(PARTICIPANTS).status_code)
try:
    session.refresh_token(TOKEN_URL, refresh_token=first["refresh_token"])
    reuse = "accepted"
except OAuthError as error:
    reuse = error.error
# The reuse has revoked the token family, so the refreshed token is invalid, too.
session.token = second
statuses.append(session.get(PARTICIPANTS).status_code)
print(
    json.dumps(
        {
            "scope": first["scope"],
            "event_id": first["event_id"],
            "rotated": first["refresh_token"] != second["refresh_token"],
            "reuse": reuse,
            "statuses": statuses,
        }
    )
)
