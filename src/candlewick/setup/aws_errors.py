"""What an error of boto3 means, in one line that ends with the next step."""

_LOGIN = "AWS does not know this access key or its secret; correct the AWS_* variables, or `profile` in [s3]"
_EXPIRED = "the session's token has expired; sign in again (`aws sso login`, or new AWS_* variables)"
_BY_CODE = {
    "InvalidClientTokenId": _LOGIN,
    "SignatureDoesNotMatch": _LOGIN,
    "UnrecognizedClientException": _LOGIN,
    "AuthFailure": _LOGIN,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "OperationInProgressException": "another change of this stack is under way; wait for it and run this again",
    "InsufficientCapabilitiesException": "the stack makes IAM roles, which these credentials may not acknowledge",
    "LimitExceededException": "the account has as many stacks as it may; delete one or ask AWS for more",
}
_BY_KIND = {
    "NoCredentialsError": "no credentials were found; set AWS_ACCESS_KEY_ID and its secret, or `profile` in [s3]",
    "PartialCredentialsError": "half of the credentials is missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "NoRegionError": "no region is set; set `region` in [s3]",
    "SSOTokenLoadError": _EXPIRED,
    "UnauthorizedSSOTokenError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
}


def explain(error: Exception) -> str:
    """Return what happened and what to do."""
    known = _BY_KIND.get(type(error).__name__) or _BY_CODE.get(_code(error))
    if known:
        return known
    text = " ".join(str(error).split())
    if _code(error) in {"AccessDenied", "AccessDeniedException"}:
        return f"{_message(error)}; run this as an administrator of the account, or ask one for that right"
    if type(error).__name__ in {"EndpointConnectionError", "ConnectTimeoutError"}:
        return f"{text}; check `region` in [s3] and the way to the internet"
    return text


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _message(error: Exception) -> str:
    return " ".join(str(getattr(error, "response", {}).get("Error", {}).get("Message", error)).split())
