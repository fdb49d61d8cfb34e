"""Requests as a Twenty workspace would send them, or somebody who only claims to be one; signed with the standard library.

usage: sign.py FIRST-SECRET SECOND-SECRET WORKSPACE OBJECT BODY-ONLY(yes|no)
Prints one JSON object a line: name, headers (a list of pairs), body (base64), status, and what the answer has to say.
"""
import base64
import hashlib
import hmac
import json
import sys
import time

first, second, workspace, thing, body_only = sys.argv[1:6]
now = time.time()
counter = 0


def mac(message, secret):
    return hmac.new(secret.encode("utf-8"), message, hashlib.sha256).hexdigest()


def real(body, secret=first, at=None, text=None, nonce="0f" * 16):
    stamp = text if text is not None else str(int((now if at is None else at) * 1000))
    return [
        ["X-Twenty-Webhook-Signature", mac(stamp.encode() + b":" + body, secret)],
        ["X-Twenty-Webhook-Timestamp", stamp],
        ["X-Twenty-Webhook-Nonce", nonce],
    ]


def documented(body, secret=first, at=None, text=None):
    stamp = text if text is not None else str(int(now if at is None else at))
    return [
        ["X-Twenty-Signature", "sha256=" + mac(stamp.encode() + b"." + body, secret)],
        ["X-Twenty-Timestamp", stamp],
    ]


def bare(body, secret=first):
    return [["X-Twenty-Signature", "sha256=" + mac(body, secret)]]


def show(name, headers, body, status, says="", reason="", record=""):
    print(json.dumps({
        "name": name, "headers": headers, "body": base64.b64encode(body).decode(), "status": status, "says": says,
        "reason": reason, "record": record,
    }))


def record_id():
    global counter
    counter += 1
    return "%s-%d" % (thing, counter)


def real_body(action="created", **more):
    record = {"id": record_id(), "name": {"firstName": "Zo\u00eb", "lastName": "O'Brien \u263a"},
              "updatedAt": "2026-01-31T12:00:00.000Z", "number": 1.50, **more.pop("record", {})}
    body = {"targetUrl": "https://hooks.example/", "eventName": thing + "." + action,
            "objectMetadata": {"id": "o", "nameSingular": thing}, "workspaceId": workspace, "webhookId": "hook-1",
            "eventDate": "2026-01-31T12:00:01.000Z", "record": record, **more}
    return json.dumps(body, ensure_ascii=False).encode("utf-8"), record["id"]


def documented_body(action="created"):
    name = record_id()
    return json.dumps({"id": "event-" + name, "workspaceId": workspace, "webhookId": "hook-2",
                       "operation": thing + "." + action, "timestamp": "2024-03-04T10:30:00.000Z",
                       "record": {"id": name, "firstName": "J"}, "previousRecord": None}).encode(), name


def guide_body(action="created"):
    name = record_id()
    # Spaces, escapes and the order of keys are the sender's: the raw bytes are signed.
    text = ('{ "id":"event-%s" ,\n"event" : "%s.%s","timestamp":"2024-01-01T12:00:00Z","workspaceId":"%s",'
            '"data":{"object":"%s","id":"%s","attributes":{"first\\u004eame":"J\\u00e4n","n":1.0e2},'
            '"previousAttributes":null}}\n') % (name, thing, action, workspace, thing, name)
    return text.encode(), name


# What is taken.
for form, make in (("real", real_body), ("documented", documented_body), ("guide", guide_body)):
    for scheme, sign in (("real", real), ("documented", documented)):
        for secret in (first, second):
            body, name = make()
            show("%s body, %s scheme" % (form, scheme), sign(body, secret), body, 202, "accepted", record=name)
for action in ("updated", "deleted", "restored", "destroyed"):
    body, name = real_body(action)
    show(action, real(body), body, 202, "accepted", record=name)
body, name = real_body()
headers = real(body)
headers[0][1] = "SHA256=".lower() + headers[0][1].upper()
show("prefix and upper case", headers, body, 202, "accepted", record=name)
body, name = real_body()
show("lower case names", [[n.lower(), v] for n, v in real(body)], body, 202, "accepted", record=name)
body, name = real_body()
show("no nonce", real(body)[:2], body, 202, "accepted", record=name)
body, name = real_body()
show("real scheme in seconds", real(body, text=str(int(now))), body, 202, "accepted", record=name)
body, name = documented_body()
show("documented scheme in ms", documented(body, text=str(int(now * 1000))), body, 202, "accepted", record=name)
for seconds in (-290, 290):
    body, name = real_body()
    show("%d s away" % seconds, real(body, at=now + seconds), body, 202, "accepted", record=name)

# What is taken and not worked for.
body, _ = real_body("updated", updatedFields=["position"])
show("a move", real(body), body, 202, "ignored", "move")
body = json.dumps({"eventName": "metadata.field.created", "event": {"x": 1}, "workspaceId": workspace}).encode()
show("metadata", real(body), body, 202, "ignored", "metadata")
for text in ("{}", "[]", "17", '{"eventName":"%s.upserted","workspaceId":"%s","record":{"id":"x"}}' % (thing, workspace)):
    show("unknown " + text[:9], real(text.encode()), text.encode(), 202, "ignored", "unknown")

# Copies: of the very request, with another nonce, and the same change told anew by a worker that died.
body, name = real_body()
headers = real(body)
show("the original", headers, body, 202, "accepted", record=name)
show("its copy", headers, body, 202, "duplicate")
show("with another nonce", real(body, nonce="ab" * 16), body, 202, "duplicate")
show("without its nonce", headers[:2], body, 202, "duplicate")
show("sent anew", real(body, at=now + 1), body, 202, "duplicate")
again = body.replace(b"12:00:01.000Z", b"12:00:09.000Z")
show("told anew", real(again, at=now + 2), again, 202, "duplicate")
body, name = documented_body()
show("a documented original", documented(body), body, 202, "accepted", record=name)
show("its copy", documented(body), body, 202, "duplicate")
show("retried a minute later", documented(body, at=now + 60), body, 202, "duplicate")

# Downgrades, and everything else that is refused.
body, _ = real_body()
good, page = real(body), documented(body)
show("no signature at all", [], body, 401)
show("only a timestamp", good[1:2], body, 401)
show("only a nonce", good[2:], body, 401)
show("real without its timestamp", good[:1] + good[2:], body, 401)
show("documented without its timestamp", page[:1], body, 401)
show("its timestamp alone", page[1:], body, 401)
show("both families", good + page, body, 401)
show("real, and the other's timestamp", good + page[1:], body, 401)
show("documented, and a nonce", page + good[2:], body, 401)
for index in range(3):
    show("%s twice" % good[index][0], good + [good[index]], body, 401)
show("two signatures in one", [[good[0][0], good[0][1] + ", " + good[0][1]]] + good[1:], body, 401)
show("the real one under the other name", [[page[0][0], good[0][1]], [page[1][0], good[1][1]]], body, 401)
show("the other one under the real name", [[good[0][0], page[0][1]], [good[1][0], page[1][1]]], body, 401)
show("another secret", real(body, "not the secret"), body, 401)
show("the digest of no secret", [[good[0][0], hashlib.sha256(good[1][1].encode() + b":" + body).hexdigest()]] + good[1:], body, 401)
show("another body", good, body + b" ", 401)
show("serialised anew", good, json.dumps(json.loads(body)).encode(), 401)
show("another timestamp", [good[0], [good[1][0], str(int(good[1][1]) + 1)]], body, 401)
for seconds in (-310, 310, -86400):
    show("%d s away" % seconds, real(body, at=now + seconds), body, 401)
    show("documented, %d s away" % seconds, documented(body, at=now + seconds), body, 401)
for text in ("", "now", "-1", "1e12", "%.3f" % now, "0x10", "1" * 12, "1" * 14):
    show("timestamp %r" % text, real(body, text=text), body, 401)
for text in ("", "sha256=", "0" * 63, "0" * 65, "0" * 64, "zz" * 32, good[0][1][:-1]):
    show("signature %r" % text, [[good[0][0], text]] + good[1:], body, 401)
show("no JSON, well signed", real(b'{"eventName":'), b'{"eventName":', 400)

# The body alone.
body, name = documented_body()
if body_only == "yes":
    show("the body alone", bare(body), body, 202, "accepted", record=name)
    show("its copy", bare(body), body, 202, "duplicate")
    show("the body alone, changed", bare(body), body + b" ", 401)
    show("a timestamp put beside it", bare(body) + [["X-Twenty-Timestamp", str(int(now))]], body, 401)
    stamp = str(int(now * 1000))
    bent = stamp.encode() + b":" + body
    show("a real request bent to it", [["X-Twenty-Signature", mac(bent, first)]], bent, 400)
else:
    show("the body alone", bare(body), body, 401)
