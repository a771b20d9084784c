"""Who is let in by a provider's claims: those that the settings name, and that the provider vouches for."""

from typing import Any

import pytest

from candlewick.config import OidcSettings
from candlewick.dashboard.door.claims import StrangerError, stamp_of, visitor_of_claims
from candlewick.dashboard.door.visitor import Role, Visitor

BY_MAIL = OidcSettings(viewers=("*@example.com",), analysts=("ada@example.com",), admins=("root@example.com",))
BY_GROUP = OidcSettings(name_claim="sub", role_claim="realm.groups", viewers=("*",), admins=("Desk",))


def mail(address: object, *, is_verified: object = True) -> dict[str, Any]:
    return {"email": address, "email_verified": is_verified}


@pytest.mark.parametrize(
    ("rules", "claims", "role"),
    [
        (BY_MAIL, mail("bob@example.com"), Role.VIEWER),
        (BY_MAIL, mail("Ada@Example.com"), Role.ANALYST),
        (BY_MAIL, mail("root@example.com"), Role.ADMIN),
        (BY_GROUP, {"sub": "1", "realm": {"groups": ["other"]}}, Role.VIEWER),
        (BY_GROUP, {"sub": "1", "realm": {"groups": ["other", "Desk"]}}, Role.ADMIN),
        (BY_GROUP, {"sub": "1", "realm.groups": "Desk"}, Role.ADMIN),
    ],
)
def test_the_highest_role_that_somebody_is_named_in_is_theirs(
    rules: OidcSettings, claims: dict[str, Any], role: Role
) -> None:
    assert visitor_of_claims(claims, rules) == Visitor(str(claims[rules.name_claim]), role)


@pytest.mark.parametrize(
    ("rules", "claims", "problem"),
    [
        (BY_MAIL, {}, "expected a claim 'email'"),
        (BY_MAIL, {"email": "ada@example.com"}, "email_verified"),
        (BY_MAIL, mail("ada@example.com", is_verified=False), "email_verified"),
        (BY_MAIL, mail("ada@example.com", is_verified="true"), "email_verified"),
        (BY_MAIL, mail("ada@example.com.evil.example"), "got none of them"),
        (BY_MAIL, mail("ada@notexample.com"), "got none of them"),
        (BY_MAIL, mail(["ada@example.com"]), "expected a claim 'email'"),
        (BY_MAIL, mail("a" * 300 + "@example.com"), "expected a claim 'email'"),
        (BY_GROUP, {"sub": "1"}, "got none of them"),
        (BY_GROUP, {"sub": "1", "realm": {"groups": []}}, "got none of them"),
        (BY_GROUP, {"sub": "1", "realm": "groups"}, "got none of them"),
        (BY_GROUP, {"sub": "1", "realm": {"groups": [{"Desk": 1}, 7, None]}}, "got none of them"),
        (OidcSettings(role_claim="email", name_claim="sub"), {"sub": "1"} | mail("a@b.c"), "got none of them"),
        (BY_MAIL.model_copy(update={"role_claim": "groups"}), {"groups": ["*@example.com"]}, "expected a claim"),
    ],
)
def test_who_is_named_nowhere_or_vouched_for_by_nobody_is_a_stranger(
    rules: OidcSettings, claims: dict[str, Any], problem: str
) -> None:
    with pytest.raises(StrangerError, match=problem):
        visitor_of_claims(claims, rules)


def test_groups_are_told_apart_by_their_capitals() -> None:
    claims = {"sub": "1", "realm": {"groups": ["desk"]}}
    assert visitor_of_claims(claims, BY_GROUP).role is Role.VIEWER


def test_other_rules_end_the_sessions_of_these() -> None:
    assert stamp_of(BY_MAIL) == stamp_of(BY_MAIL.model_copy())
    assert stamp_of(BY_MAIL) != stamp_of(BY_MAIL.model_copy(update={"analysts": ()}))
    assert stamp_of(BY_MAIL) != stamp_of(BY_MAIL.model_copy(update={"provider": "https://other.example"}))


@pytest.mark.parametrize(
    "wrong", [{"provider": "http://idp.example"}, {"viewers": [""]}, {"admins": ["a*"]}, {"provider": "https://u:p@x"}]
)
def test_what_would_let_in_others_is_no_setting(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        OidcSettings(**wrong)
