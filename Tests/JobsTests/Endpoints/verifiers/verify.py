"""Verifies deliveries that the test signed: one JSON object a line in, one word a line out.

In: {"scheme", "headers", "secret", "body"}, the body in base64. Out: "ok", or "refused: why".
`standard` goes to both public libraries, and both have to agree; the others are checked by what their documents say,
with nothing but Python's own hmac.
"""

import base64
import hashlib
import hmac
import json
import sys

from standardwebhooks.webhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook


def code(secret, message):
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def standard(headers, secret, body):
    verdicts = []
    for library in (StandardWebhook, SvixWebhook):
        try:
            library(secret).verify(body, headers)
            verdicts.append("ok")
        except Exception as error:
            verdicts.append(f"refused: {type(error).__name__}")
    if len(set(verdicts)) != 1:
        return f"split: {verdicts}"
    return verdicts[0]


def twenty(headers, secret, body):
    expected = code(secret, headers["x-twenty-webhook-timestamp"].encode() + b":" + body)
    nonce = headers["x-twenty-webhook-nonce"]
    if len(headers["x-twenty-webhook-timestamp"]) != 13 or len(bytes.fromhex(nonce)) != 16:
        return "refused: form"
    return "ok" if hmac.compare_digest(expected, headers["x-twenty-webhook-signature"]) else "refused: mismatch"


def documented(headers, secret, body):
    expected = "sha256=" + code(secret, headers["x-twenty-timestamp"].encode() + b"." + body)
    if len(headers["x-twenty-timestamp"]) != 10:
        return "refused: form"
    return "ok" if hmac.compare_digest(expected, headers["x-twenty-signature"]) else "refused: mismatch"


def body_only(headers, secret, body):
    expected = "sha256=" + code(secret, body)
    return "ok" if hmac.compare_digest(expected, headers["x-twenty-signature"]) else "refused: mismatch"


def secret_header(headers, secret, body):
    return "ok" if hmac.compare_digest(secret, headers["x-aventora-webhook-secret"]) else "refused: mismatch"


CHECKS = {
    "standard": standard,
    "twenty": twenty,
    "twenty-documented": documented,
    "body": body_only,
    "secret-header": secret_header,
}

for line in sys.stdin:
    case = json.loads(line)
    headers = {name.lower(): value for name, value in case["headers"].items()}
    print(CHECKS[case["scheme"]](headers, case["secret"], base64.b64decode(case["body"])), flush=True)
