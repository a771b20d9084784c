"""Pure: what an S3 error means, in one line that ends with the next step.

Codes are those of AWS's "S3 API error responses" and "STS common errors"; other stores borrow them.
"""

import re

_CODE = re.compile(
    r"<Code>([A-Za-z0-9.]+)</Code>|An error occurred \(([A-Za-z0-9.]+)\) when calling|\(code: ([A-Za-z0-9.]+)\)"
)
"""In the store's answer, in boto3's words, and in obstore's of one object of many that were to be deleted."""
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_REGION = re.compile(r"<Region>([a-z0-9-]+)</Region>|expecting '([a-z0-9-]+)'|is in region:? ([a-z0-9-]+)")
_ADDRESS = re.compile(r"performing \w+ (https?://[^/\s]+)")

_EXPIRED = "the session's token has expired; sign in again (`aws sso login`, or new AWS_* variables) and restart"
_WRONG_KEY = (
    "the store does not know this access key or its secret; "
    "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile` in [s3]"
)
_MAY_NOT = (
    "these credentials may not do this; a recorder needs s3:PutObject, s3:GetObject and s3:ListBucket here "
    "(`candlewick setup aws` makes a role that has them)"
)
_MAY_NOT_ASSUME = "these credentials may not assume the role; correct role_arn in [s3], or the role's trust policy"
_NO_BUCKET = "there is no such bucket; correct `lake`, or make the bucket with `candlewick setup aws`"
_HOSTS_ROLE = "169.254.169.254"
_NO_CREDENTIALS = (
    "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile` or `role_arn` in [s3]"
)
_SLOW = "the store asks for fewer requests; it is tried again, and a larger flush_seconds asks for less"
_BY_CODE = {
    "NoSuchBucket": _NO_BUCKET,
    "InvalidBucketName": "that is no name for a bucket; correct `lake`",
    "InvalidAccessKeyId": _WRONG_KEY,
    "InvalidClientTokenId": _WRONG_KEY,
    "SignatureDoesNotMatch": _WRONG_KEY,
    "InvalidToken": _WRONG_KEY,
    "AccessDenied": _MAY_NOT,
    "AllAccessDisabled": _MAY_NOT,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidIdentityToken": "the role does not trust the token; correct web_identity_token_file or role_arn in [s3]",
    "RequestTimeTooSkewed": "this machine's clock is wrong by more than 15 minutes; set it (NTP) and restart",
    "SlowDown": _SLOW,
    "ServiceUnavailable": _SLOW,
    "KMS.DisabledException": "the key that encrypts the bucket is disabled; enable it, or change kms_key_id in [s3]",
    "KMS.NotFoundException": "there is no such key; correct kms_key_id in [s3]",
}
DENIED = frozenset({"AccessDenied", "AllAccessDisabled"})
"""Codes of an answer to who is known, and may not do what was asked."""
_WRONG_REGION = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})


def explain(text: str) -> str | None:
    """Return what the text of a store's error means and what to do next; None where it is not known."""
    return _by_code(text) or _by_circumstance(text) or _in_its_own_words(text)


def code_of(text: str) -> str | None:
    """Return the error code in the store's answer, such as `NoSuchBucket`."""
    found = _CODE.search(text)
    return next(filter(None, found.groups())) if found else None


def _by_code(text: str) -> str | None:
    code = code_of(text)
    if code in _WRONG_REGION:
        return _wrong_region(text)
    if code == "AccessDenied" and "AssumeRole" in text:
        return _MAY_NOT_ASSUME
    return _BY_CODE.get(code or "")


def _by_circumstance(text: str) -> str | None:
    """Errors without a code of the store's: it did not answer, or was never asked."""
    if "incorrectly configured region" in text:
        return _wrong_region(text)
    if "SSO" in text and "expired" in text:
        return _EXPIRED
    if _HOSTS_ROLE in text:
        return _NO_CREDENTIALS
    if "HTTP error" in text:
        address = _ADDRESS.search(text)
        return f"{address[1] if address else 'the store'} cannot be reached; check `endpoint` and `region` in [s3]"
    return None


def _in_its_own_words(text: str) -> str | None:
    code, message = code_of(text), _MESSAGE.search(text)
    return f"{code}: {message[1].strip()}" if code and message else None


def _wrong_region(text: str) -> str:
    found = _REGION.search(text)
    region = next((group for group in found.groups() if group), None) if found else None
    if region is None:
        return "the bucket is in another region; set `region` in [s3] to its region"
    return f"the bucket is in {region}; set region = '{region}' in [s3]"
