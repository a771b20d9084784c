"""Pure: who somebody is, and what they may do, by the claims that an OpenID provider signed."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from candlewick.config import OidcSettings
from candlewick.dashboard.door.visitor import Role, Visitor

Claims = Mapping[str, Any]

_MAIL = "email"
_LONGEST = 256


class StrangerError(Exception):
    """Whoever it is, the settings do not let them in; the text says why, for the audit log."""


def visitor_of_claims(claims: Claims, rules: OidcSettings) -> Visitor:
    """Return who somebody is and what they may do. Raises `StrangerError`."""
    name = _claim(claims, rules.name_claim)
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST:
        raise StrangerError(f"expected a claim {rules.name_claim!r} of 1 to {_LONGEST} letters")
    if _MAIL in {rules.name_claim, rules.role_claim} and claims.get("email_verified") is not True:
        raise StrangerError("expected an address that the provider has verified (email_verified)")
    lists = {Role.ADMIN: rules.admins, Role.ANALYST: rules.analysts, Role.VIEWER: rules.viewers}
    values = set(_values(_claim(claims, rules.role_claim), rules.role_claim))
    for role, patterns in lists.items():
        if any(_fits(value, pattern, rules.role_claim) for value in values for pattern in patterns):
            return Visitor(name, role)
    raise StrangerError(f"expected a claim {rules.role_claim!r} that [oidc] names, got none of them")


def stamp_of(rules: OidcSettings) -> str:
    """Return a text that is another one where other people are let in, or by another provider."""
    return hashlib.sha256(msgspec.json.encode(rules.model_dump(), order="sorted")).hexdigest()[:16]


def _claim(claims: Claims, name: str) -> Any:  # noqa: ANN401 - whatever a provider says
    """A claim of this name, which may have dots in it, or what is nested by them: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _values(claim: Any, name: str) -> Iterator[str]:  # noqa: ANN401
    for value in claim if isinstance(claim, list) else [claim]:
        if isinstance(value, str) and value:
            yield _same(value, name)


def _fits(value: str, pattern: str, name: str) -> bool:
    wanted = _same(pattern, name)
    return value.endswith(wanted[1:]) if wanted.startswith("*") else value == wanted


def _same(text: str, name: str) -> str:
    """Addresses of mail are the same in capitals; groups and roles need not be."""
    return text.casefold() if name == _MAIL else text
