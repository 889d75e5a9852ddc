"""A verifier written from the contract's section 4.1, and its run over the vectors.

python3 verify.py webhooks.json
"""

import base64
import hashlib
import hmac
import json
import re
import sys

NAMES = ("x-revento-event", "x-revento-delivery-id", "x-revento-timestamp", "x-revento-signature")


def verify(headers, body, now, secret, previous=(), tolerance=300, check_type=False):
    """Which secret held; raises ValueError with the error's kind. `headers` is a list of (name, bytes)."""
    found = {}
    for name, value in headers:
        name = name.lower()
        if name in NAMES:
            if name in found:
                raise ValueError("duplicate_header")
            found[name] = value
    if any(not found.get(name, b"").strip(b" ") for name in NAMES):
        raise ValueError("missing_header")
    event, delivery, timestamp, signature = (found[name] for name in NAMES)
    if any(not re.fullmatch(rb"[ -~]+", value) for value in (event, delivery)):
        raise ValueError("header_not_text")
    if not re.fullmatch(rb"[0-9]{1,12}", timestamp):
        raise ValueError("bad_timestamp")
    if not re.fullmatch(rb"sha256=[0-9a-f]{64}", signature):
        raise ValueError("bad_signature")
    age = now - int(timestamp)
    if abs(age) > tolerance:
        raise ValueError("stale" if age > 0 else "future")
    matched = None
    candidates = [("current", secret, None)]
    candidates += [(f"previous:{index}", old, end) for index, (old, end) in enumerate(previous)]
    for name, key, end in candidates:
        mac = hmac.new(key.encode(), timestamp + b"." + body, hashlib.sha256).hexdigest()
        holds = hmac.compare_digest(b"sha256=" + mac.encode(), signature)
        if holds and (end is None or now <= end) and matched is None:
            matched = name
    if matched is None:
        raise ValueError("mismatch")
    if check_type and json.loads(body)["type"] != event.decode():
        raise ValueError("type_mismatch")
    return matched


def outcome(vector):
    def octets(record, name):
        encoded = record.get(name + "_base64")
        return record[name].encode() if encoded is None else base64.b64decode(encoded)

    try:
        return verify(
            [(header["name"], octets(header, "value")) for header in vector["headers"]],
            octets(vector, "body"),
            vector["now"],
            vector["secret"],
            [(old["secret"], old["not_after"]) for old in vector["previous"]],
            vector["tolerance"],
            vector["level"] == "event",
        )
    except ValueError as error:
        return str(error)


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    failed = 0
    for vector in vectors:
        expected = vector["matched"] if vector["expect"] == "accept" else vector["error"]
        got = outcome(vector)
        if got != expected:
            failed += 1
            print(f"{vector['id']}: expected {expected}, got {got}")
    print(f"{len(vectors) - failed} of {len(vectors)} vectors agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
