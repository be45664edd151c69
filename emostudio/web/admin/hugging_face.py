"""Signing in with a Hugging Face account, in a Space (https://huggingface.co/docs/hub/spaces-oauth)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


@dataclass(frozen=True)
class Provider:
    """The OpenID provider of a Space; `home` is the Space's own address."""

    client_id: str
    client_secret: str = field(repr=False)
    url: str
    home: str

    @classmethod
    def of_space(cls, environ: Mapping[str, str]) -> Provider | None:
        """Read what a Space with `hf_oauth: true` gets; None anywhere else."""
        names = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OPENID_PROVIDER_URL", "SPACE_HOST")
        client_id, client_secret, url, hosts = (environ.get(name, "") for name in names)
        if not (environ.get("SPACE_ID") and client_id and client_secret and url and hosts):
            return None
        return cls(client_id, client_secret, url, f"https://{hosts.split(',')[0].strip()}")

    async def redirect(self, request: Request, callback: str) -> Response:
        """Send the browser to Hugging Face, which sends it back to the path `callback`."""
        return await self._client().authorize_redirect(request, f"{self.home}{callback}")

    async def account(self, request: Request) -> str:
        """Return the name of the account that came back.

        Raises:
            ValueError: it did not come back signed in.
        """
        from authlib.integrations.base_client.errors import OAuthError

        client = self._client()
        try:
            token = await client.authorize_access_token(request)
            profile = token.get("userinfo") or await client.userinfo(token=token)
        except OAuthError as error:
            raise ValueError(
                f"Hugging Face did not sign you in ({error.error}). Try again, in this tab."
            ) from None
        return str(profile.get("preferred_username", ""))

    def _client(self) -> Any:
        from authlib.integrations.starlette_client import OAuth

        oauth = OAuth()
        return oauth.register(
            "huggingface",
            client_id=self.client_id,
            client_secret=self.client_secret,
            client_kwargs={"scope": "openid profile"},
            server_metadata_url=f"{self.url.rstrip('/')}/.well-known/openid-configuration",
        )
