"""Writes webhooks.json: python3 generate.py > webhooks.json

Deterministic, standard library only. It signs by itself, from the contract's section 4.1, and shares
no code with any of the verifiers that the vectors judge.
"""

import base64
import hashlib
import hmac
import json

NOW = 1778336551
SECRET = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b"
OLD = "whsec_0d9c8b7a6f5e4d3c2b1a09876f5e4d3c"
OLDER = "whsec_8f7e6d5c4b3a29180706f5e4d3c2b1a0"
BODY = (
    b'{"id":"env_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z",'
    b'"event_id":"evt_1","organization_id":"org_1","data":{"id":"app_1","status":"approved",'
    b'"approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_2","custom_form_fields":{"site":"https://a/b"}}}'
)

vectors = []


def mac(secret, message):
    key = secret if isinstance(secret, bytes) else secret.encode()
    return hmac.new(key, message, hashlib.sha256).digest()


def sign(body=BODY, time=str(NOW), secret=SECRET):
    return "sha256=" + mac(secret, time.encode() + b"." + body).hex()


def standard(time=str(NOW), signature=None, event="application.approved", delivery="5f0c9f0e-6d2a-4a53-9d3c-0d2f6f6f1f11"):
    return [
        ("X-Revento-Event", event),
        ("X-Revento-Delivery-Id", delivery),
        ("X-Revento-Timestamp", time),
        ("X-Revento-Signature", sign(time=time) if signature is None else signature),
    ]


def add(case, name, reason, expect, body=BODY, headers=None, now=NOW, secret=SECRET, previous=(), tolerance=300,
        matched="current", level="signature", http=True):
    headers = standard() if headers is None else headers
    vector = {
        "id": f"{case}-{name}",
        "reason": reason,
        "level": level,
        "http": http,
        "secret": secret,
        "previous": [{"secret": old, "not_after": end} for old, end in previous],
        "tolerance": tolerance,
        "now": now,
        "headers": [header(*pair) for pair in headers],
    }
    try:
        vector["body"] = body.decode("utf-8")
    except UnicodeDecodeError:
        vector["body_base64"] = base64.b64encode(body).decode()
    if expect == "accept":
        vector["expect"] = "accept"
        vector["matched"] = matched
    else:
        vector["expect"] = "reject"
        vector["error"] = expect
    vectors.append(vector)


def header(name, value):
    if isinstance(value, bytes):
        return {"name": name, "value_base64": base64.b64encode(value).decode()}
    return {"name": name, "value": value}


def signed(case, name, reason, body=BODY, time=str(NOW), by=None, **more):
    """A vector whose signature is right for its body, time and secret."""
    secret = by if by is not None else more.get("secret", SECRET)
    expect = more.pop("expect", "accept")
    add(case, name, reason, expect, body=body, headers=standard(time, sign(body, time, secret)), **more)


def without(*names):
    return [pair for pair in standard() if pair[0] not in names]


def changed(name, value):
    return [(candidate, value if candidate == name else old) for candidate, old in standard()]


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────
signed("w1", "known-answer", "a plain delivery")
signed("w1", "empty-body", "an empty body is signed like any other", body=b"")
signed("w1", "empty-object", "the smallest object", body=b"{}")
for length in (1, 44, 45, 52, 53, 54, 63, 64, 65, 108, 109, 116, 117, 118, 181, 1013, 1024, 4096):
    signed("w1", f"length-{length}", "a length around the block borders of SHA-256", body=b"x" * length)
for name, body in (
    ("not-utf8", b'{"id":"env_1","note":"\xff\xfe"}'),
    ("nul", b'{"a":"\x00"}'),
    ("all-bytes", bytes(range(256))),
    ("lone-surrogate", b'{"a":"\xed\xa0\x80"}'),
    ("utf8", '{"name":"Zażółć gęślą jaźń 🎟"}'.encode()),
    ("not-json", b"not json at all"),
    ("gzip-magic", b"\x1f\x8b\x08\x00\x00"),
):
    signed("w18", name, "the body is bytes; it need not be text, nor JSON", body=body)
for name, body in (
    ("bom", b"\xef\xbb\xbf{}"),
    ("trailing-newline", b"{}\n"),
    ("crlf", b"{\r\n}\r\n"),
    ("padded", b"  {}  "),
    ("dots", b"..."),
    ("digits", b"0123456789"),
    ("pretty", json.dumps(json.loads(BODY), indent=2).encode()),
    ("escaped-slash", BODY.replace(b"/", b"\\/")),
):
    signed("w21", f"as-sent-{name}", "what was signed is accepted as it was sent", body=body)

# ── secrets ─────────────────────────────────────────────────────────────────────────────────────
for name, secret in (
    ("16-characters", "0123456789abcdef"),
    ("63-bytes", "k" * 63),
    ("64-bytes", "k" * 64),
    ("65-bytes", "k" * 65),
    ("300-bytes", "0123456789" * 30),
    ("unicode-characters", "ключ-ключ-ключ-🔑"),
    ("space-inside", "a secret with spaces"),
    ("base64", "c2VjcmV0LXdpdGgtcGFkZGluZw=="),
    ("hex", "00112233445566778899aabbccddeeff"),
    ("in-quotes", '"whsec_in_quotes"'),
    ("like-a-token", "rev_install_0123456789abcdef"),
):
    signed("w4", f"secret-{name}", "the secret's bytes are used as shown", secret=secret)
for name, secret in (
    ("without-prefix", SECRET.removeprefix("whsec_")),
    ("decoded", bytes.fromhex(SECRET.removeprefix("whsec_"))),
    ("with-newline", SECRET + "\n"),
    ("upper-case", SECRET.upper()),
    ("empty", ""),
    ("another", OLD),
    ("doubled", SECRET * 2),
    ("hashed", hashlib.sha256(SECRET.encode()).hexdigest()),
):
    signed("w2", f"signed-with-secret-{name}", "signed with something else than the secret as shown", by=secret, expect="mismatch")

# ── rotation ────────────────────────────────────────────────────────────────────────────────────
three = ((OLD, None), (OLDER, NOW), ("whsec_the_oldest_of_all", NOW + 10))
signed("w11", "current-of-several", "the current secret among previous ones", previous=three)
for index, (secret, _) in enumerate(three):
    signed("w11", f"previous-{index}", "a previous secret at any position", previous=three, by=secret, matched=f"previous:{index}")
signed("w11", "end-inclusive", "a previous secret counts to its last second", previous=((OLD, NOW),), by=OLD, matched="previous:0")
signed("w11", "ended", "a previous secret has ended", previous=((OLD, NOW - 1),), by=OLD, expect="mismatch")
signed("w11", "ended-long-ago", "a previous secret has ended long ago", previous=((OLD, 0),), by=OLD, expect="mismatch")
signed("w11", "ended-before-valid", "an ended secret does not hide a valid one", previous=((OLD, 0), (OLDER, None)), by=OLDER, matched="previous:1")
signed("w11", "none-of-several", "no secret of several", previous=three, by="whsec_a_foreign_secret", expect="mismatch")
signed("w11", "current-has-no-end", "a previous secret's end does not end the current one", previous=((OLD, 0),))

# ── header names and presence ───────────────────────────────────────────────────────────────────
for name, change in (("lower", str.lower), ("upper", str.upper), ("swapped", str.swapcase)):
    add("w6", f"names-{name}", "header names match in any case", "accept", headers=[(change(n), v) for n, v in standard()])
add("w6", "order-reversed", "headers come in any order", "accept", headers=standard()[::-1])
add("w6", "among-others", "other headers are passed over", "accept", headers=[("Accept", "*/*"), ("User-Agent", "x")] + standard() + [("X-Revento-Event-Id", "x"), ("X-Revento-Signature-V2", "x"), ("X-Hub-Signature-256", "sha256=00")])
add("w6", "value-case-kept", "values are not changed in case", "bad_signature", headers=changed("X-Revento-Signature", sign().upper()))
NAMES = [name for name, _ in standard()]
for name in NAMES:
    short = name.removeprefix("X-Revento-").lower()
    value = dict(standard())[name]
    add("w5", f"missing-{short}", "a missing header is a failure, never unsigned but fine", "missing_header", headers=without(name))
    add("w5", f"empty-{short}", "an empty header is a missing one", "missing_header", headers=changed(name, ""))
    add("w5", f"blank-{short}", "a blank header is a missing one", "missing_header", headers=changed(name, "   "), http=False)
    add("w7", f"twice-{short}", "a header that came twice is refused, even with the same value", "duplicate_header", headers=standard() + [(name, value)])
    add("w7", f"twice-other-{short}", "whose value would count is anybody's guess", "duplicate_header", headers=[(name, "x")] + standard())
    add("w7", f"twice-case-{short}", "the same header in another case is the same header", "duplicate_header", headers=standard() + [(name.lower(), value)])
add("w5", "missing-all", "no header at all", "missing_header", headers=[])
add("w5", "missing-two", "two headers are missing", "missing_header", headers=without("X-Revento-Event", "X-Revento-Timestamp"))
add("w5", "wrong-names", "the names of other platforms", "missing_header", headers=[(n.replace("X-Revento-", "Webhook-"), v) for n, v in standard()])
for name in ("X-Revento-Event", "X-Revento-Delivery-Id"):
    short = name.removeprefix("X-Revento-").lower()
    add("w27", f"latin1-{short}", "a header is visible ASCII", "header_not_text", headers=changed(name, b"caf\xe9"))
    add("w27", f"utf8-{short}", "a header is visible ASCII", "header_not_text", headers=changed(name, "é".encode()))
    add("w27", f"nul-{short}", "a header is visible ASCII", "header_not_text", headers=changed(name, b"a\x00b"), http=False)
    add("w27", f"newline-{short}", "a header is visible ASCII", "header_not_text", headers=changed(name, b"a\nb"), http=False)

# ── the timestamp's text ────────────────────────────────────────────────────────────────────────
trimmed = {" 1778336551", "1778336551 ", "\t1778336551", "1778336551\n", "1778336551\x00"}
for name, text in (
    ("nan", "NaN"), ("infinity", "Infinity"), ("minus-infinity", "-Infinity"), ("null", "null"), ("true", "true"),
    ("array", "[1778336551]"), ("object", "{}"), ("fraction", "1778336551.5"), ("fraction-zero", "1778336551.0"),
    ("plus", "+1778336551"), ("minus", "-1778336551"), ("minus-zero", "-0"), ("leading-space", " 1778336551"),
    ("trailing-space", "1778336551 "), ("inner-space", "1778 336551"), ("leading-tab", "\t1778336551"),
    ("trailing-newline", "1778336551\n"), ("trailing-nul", "1778336551\x00"), ("underscore", "1_778_336_551"),
    ("comma", "1,778,336,551"), ("exponent", "1e9"), ("hexadecimal", "0x69ff51e7"), ("suffix", "1778336551s"),
    ("iso-8601", "2026-05-09T14:22:31Z"), ("http-date", "Sat, 09 May 2026 14:22:31 GMT"), ("two-values", "1778336551,1778336551"),
    ("milliseconds", "1778336551000"), ("microseconds", "1778336551000000"), ("13-digits", "0001778336551"),
    ("i64-max", "9223372036854775807"), ("i64-min", "-9223372036854775808"), ("u64-max", "18446744073709551615"),
    ("i64-wraps-to-now", "18446744075487888167"), ("40-digits", "1" * 40), ("quoted", '"1778336551"'), ("dot", "."),
):
    signed("w13" if name[0] in "plmit0123456789uq" else "w12", f"timestamp-{name}", "the timestamp is 1 to 12 decimal digits and nothing else", time=text, expect="bad_timestamp", http=text not in trimmed)
for name, text in (("arabic-digits", "١٧٧٨٣٣٦٥٥١"), ("full-width", "１７７８３３６５５１"), ("latin1", "é")):
    add("w13", f"timestamp-{name}", "digits are ASCII", "bad_timestamp", headers=[(n, text.encode() if n == "X-Revento-Timestamp" else v) for n, v in standard()])
signed("w13", "leading-zeros", "leading zeros are signed as sent", time="001778336551")
signed("w13", "zero", "the first second of 1970", time="0", now=0)
signed("w13", "zeros", "many zeros", time="000000000000", now=0)
signed("w13", "12-digits", "the largest timestamp", time="999999999999", now=999999999999)
add("w13", "zeros-added", "the signature covers the header's text, not its number", "mismatch", headers=standard("01778336551", sign()))
add("w13", "zeros-taken", "the signature covers the header's text, not its number", "mismatch", headers=standard(str(NOW), sign(time="01778336551")))

# ── the window ──────────────────────────────────────────────────────────────────────────────────
for distance in (-300, -299, -1, 1, 299, 300):
    signed("w14", f"fresh{distance:+}", "the window is inclusive and symmetric", time=str(NOW - distance))
for distance in (301, 302, 3600, 86400, NOW):
    signed("w14", f"stale-{distance}", "too old", time=str(NOW - distance), expect="stale")
for distance in (301, 302, 3600, 86400):
    signed("w14", f"future-{distance}", "too far ahead", time=str(NOW + distance), expect="future")
signed("w14", "future-largest", "too far ahead", time="999999999999", expect="future")
for distance in (-30, 30):
    signed("w16", f"tight-fresh{distance:+}", "a tightened window is inclusive too", time=str(NOW - distance), tolerance=30)
signed("w16", "tight-stale", "a tightened window", time=str(NOW - 31), tolerance=30, expect="stale")
signed("w16", "tight-future", "a tightened window", time=str(NOW + 31), tolerance=30, expect="future")
signed("w15", "clock-before-1970", "a clock before 1970 is no crash", time="0", now=-300)
signed("w15", "clock-long-before-1970", "a clock before 1970 is no crash", time="0", now=-301, expect="future")
signed("w15", "clock-at-the-end", "a clock at the end of time is no crash", time="0", now=2**53 - 1, expect="stale")
signed("w15", "clock-at-the-beginning", "a clock at the beginning of time is no crash", time=str(NOW), now=-(2**53) + 1, expect="future")
add("w2", "stale-and-forged", "a stale timestamp is found before a wrong signature", "stale", headers=standard(str(NOW - 301), "sha256=" + "0" * 64))

# ── the signature's text ────────────────────────────────────────────────────────────────────────
good = sign()
digits = good.removeprefix("sha256=")
raw = bytes.fromhex(digits)
other = "sha256=" + "ab" * 32
for name, text in (
    ("prefix-only", "sha256="), ("no-prefix", digits), ("sha1", "sha1=" + digits), ("sha512", "sha512=" + digits),
    ("upper-prefix", "SHA256=" + digits), ("dash", "sha-256=" + digits), ("colon", "sha256:" + digits),
    ("space-after-prefix", "sha256= " + digits), ("v1", "v1=" + digits), ("stripe", f"t={NOW},v1={digits}"),
    ("8-digits", "sha256=" + digits[:8]), ("63-digits", good[:-1]), ("65-digits", good + "0"), ("128-digits", good + digits),
    ("62-digits", good[:-2]), ("upper-digits", "sha256=" + digits.upper()), ("one-upper-digit", "sha256=" + digits[:-1] + "F"),
    ("not-hex", "sha256=" + "g" + digits[1:]), ("not-hex-end", "sha256=" + digits[:-1] + "/"), ("zero-x", "sha256=0x" + digits[2:]),
    ("base64", "sha256=" + base64.b64encode(raw).decode()), ("base64-url", "sha256=" + base64.urlsafe_b64encode(raw).decode()),
    ("extra-equals", good + "="), ("double-prefix", "sha256=" + good), ("trailing-comma", good + ","), ("semicolon", good + ";"),
    ("null", "null"), ("quoted", f'"{good}"'), ("array", f'["{good}"]'), ("inner-space", good[:20] + " " + good[21:]),
):
    add("w8", f"signature-{name}", "exactly sha256= and 64 lowercase hexadecimal digits", "bad_signature", headers=standard(signature=text))
for name, text in (("leading-space", " " + good), ("trailing-space", good + " "), ("newline", good + "\n")):
    add("w8", f"signature-{name}", "exactly sha256= and 64 lowercase hexadecimal digits", "bad_signature", headers=standard(signature=text), http=False)
add("w8", "signature-bytes", "digits are ASCII", "bad_signature", headers=[(n, b"sha256=" + b"\xe9" * 64 if n == "X-Revento-Signature" else v) for n, v in standard()])
for place in range(3):
    for name, separator in (("comma", ","), ("space", " ")):
        texts = [other] * 3
        texts[place] = good
        add("w10", f"several-{name}-{place}", "one header holds one signature, wherever a valid one stands", "bad_signature", headers=standard(signature=separator.join(texts)))

for name, previous, matched in (
    ("previous-twice", [(OLD, None), (OLD, None)], "previous:0"), ("previous-twice-one-ended", [(OLD, NOW - 1), (OLD, None)], "previous:1"),
    ("current-is-previous-too", [(OLD, None), (SECRET, None)], "current"),
):
    signed("w11", f"{name}", "of secrets that are alike the first that counts is told", by=SECRET if matched == "current" else OLD, previous=previous, matched=matched)

# ── several faults at once ──────────────────────────────────────────────────────────────────────
for name, error, headers in (
    ("duplicate-missing", "duplicate_header", without("X-Revento-Event") + [("x-revento-signature", good)]),
    ("missing-not-text", "missing_header", [pair for pair in changed("X-Revento-Event", b"\xff") if pair[0] != "X-Revento-Delivery-Id"]),
    ("missing-bad-timestamp", "missing_header", [pair for pair in changed("X-Revento-Timestamp", "soon") if pair[0] != "X-Revento-Signature"]),
    ("not-text-bad-timestamp", "header_not_text", [(n, b"\xff" if n == "X-Revento-Event" else "soon" if n == "X-Revento-Timestamp" else v) for n, v in standard()]),
    ("bad-timestamp-bad-signature", "bad_timestamp", standard("soon", "sha256=")),
    ("bad-signature-stale", "bad_signature", standard(str(NOW - 301), "sha256=")),
    ("bad-signature-future", "bad_signature", standard(str(NOW + 301), "sha256=")),
    ("future-mismatch", "future", standard(str(NOW + 301), other)),
):
    add("w5", f"first-fault-{name}", "of several faults the first of the documented order is told", error, headers=headers)

# ── what does not belong together ───────────────────────────────────────────────────────────────
for bit in (0, 1, 7, 8, 100, 127, 128, 200, 254, 255):
    flipped = bytearray(raw)
    flipped[bit // 8] ^= 1 << bit % 8
    add("w2", f"signature-bit-{bit}", "one bit of the signature", "mismatch", headers=standard(signature="sha256=" + flipped.hex()))
for byte in (0, 1, 60, 63, 64, len(BODY) - 1):
    flipped = bytearray(BODY)
    flipped[byte] ^= 1
    add("w2", f"body-byte-{byte}", "one bit of the body", "mismatch", body=bytes(flipped))
add("w2", "signature-zero", "no signature is all zeros", "mismatch", headers=standard(signature="sha256=" + "0" * 64))
add("w2", "signature-reversed", "the bytes in another order", "mismatch", headers=standard(signature="sha256=" + raw[::-1].hex()))
add("w2", "timestamp-of-another-attempt", "each attempt is signed anew", "mismatch", headers=standard(str(NOW), sign(time=str(NOW - 30))))
add("w2", "timestamp-moved-into-the-window", "the timestamp is signed", "mismatch", headers=standard(str(NOW), sign(time=str(NOW - 4000))))
parsed = json.loads(BODY)
for name, body in (
    ("empty", b""), ("truncated", BODY[:-1]), ("half", BODY[: len(BODY) // 2]), ("newline-added", BODY + b"\n"),
    ("space-added", BODY + b" "), ("nul-added", BODY + b"\0"), ("bom-added", b"\xef\xbb\xbf" + BODY), ("twice", BODY * 2),
    ("spaced", json.dumps(parsed).encode()), ("pretty", json.dumps(parsed, indent=2).encode()),
    ("sorted", json.dumps(parsed, sort_keys=True, separators=(",", ":")).encode()),
    ("slashes-escaped", BODY.replace(b"/", b"\\/")), ("unicode-escaped", BODY.replace(b"site", b"\\u0073ite")),
    ("base64", base64.b64encode(BODY)), ("json-string", json.dumps(BODY.decode()).encode()), ("form", b"payload=" + BODY),
    ("utf16", BODY.decode().encode("utf-16-le")), ("field-added", BODY[:-1] + b',"x":1}'), ("crlf-added", BODY + b"\r\n"),
):
    add("w21", f"body-{name}", "a body that was altered on its way does not verify", "mismatch", body=body)
for name, signed_bytes, body, message in (
    ("number", b'{"n":1.0}', b'{"n":1}', "a float"), ("bigint", b'{"n":9007199254740993}', b'{"n":9007199254740992}', "a large number"),
    ("lossy-utf8", b'{"a":"\xff"}', '{"a":"\ufffd"}'.encode(), "bytes that are no text"),
    ("line-ends", b"{\n}", b"{\r\n}", "line ends"), ("newline-lost", b"{}\n", b"{}", "the last newline"), ("bom-lost", b"\xef\xbb\xbf{}", b"{}", "the byte order mark"),
):
    add("w21", f"changed-{name}", f"a parser or reader that changes {message}", "mismatch", body=body, headers=standard(signature=sign(signed_bytes)))
T = str(NOW).encode()
for name, message in (
    ("body-alone", BODY), ("no-dot", T + BODY), ("colon", T + b":" + BODY), ("newline", T + b"\n" + BODY), ("slack", b"v0:" + T + b":" + BODY),
    ("body-first", BODY + b"." + T), ("two-dots", T + b".." + BODY), ("standard-webhooks", b"5f0c9f0e-6d2a-4a53-9d3c-0d2f6f6f1f11." + T + b"." + BODY),
    ("with-event", T + b".application.approved." + BODY), ("timestamp-alone", T), ("dot-moved", T[:-1] + b"." + T[-1:] + BODY),
    ("body-hash", T + b"." + hashlib.sha256(BODY).hexdigest().encode()),
):
    add("w22", f"scheme-{name}", "a signature over something else than timestamp, dot and body", "mismatch", headers=standard(signature="sha256=" + mac(SECRET, message).hex()))
add("w22", "plain-hash", "a hash without a key", "mismatch", headers=standard(signature="sha256=" + hashlib.sha256(T + b"." + BODY).hexdigest()))
add("w22", "key-appended", "a hash with the key appended", "mismatch", headers=standard(signature="sha256=" + hashlib.sha256(T + b"." + BODY + SECRET.encode()).hexdigest()))
add("w22", "key-prepended", "a hash with the key prepended, open to length extension", "mismatch", headers=standard(signature="sha256=" + hashlib.sha256(SECRET.encode() + T + b"." + BODY).hexdigest()))
add("w22", "sha224-padded", "another hash", "mismatch", headers=standard(signature="sha256=" + hmac.new(SECRET.encode(), T + b"." + BODY, hashlib.sha224).hexdigest() + "0" * 8))
add("w22", "sha512-cut", "another hash", "mismatch", headers=standard(signature="sha256=" + hmac.new(SECRET.encode(), T + b"." + BODY, hashlib.sha512).hexdigest()[:64]))

# ── what the signature does not cover ───────────────────────────────────────────────────────────
add("w24", "delivery-id-changed", "the delivery id is not signed: another one still verifies, and identity comes from the body", "accept", headers=standard(delivery="another"), level="event")
add("w24", "event-agrees", "the header names the type of the signed body", "accept", level="event")
for name, event in (("other", "application.rejected"), ("case", "Application.Approved"), ("prefix", "application"), ("longer", "application.approved.v2"), ("unknown", "x")):
    add("w24", f"event-{name}", "the signed body decides the type; a header that disagrees is a rejection", "type_mismatch", headers=standard(event=event), level="event")
signed("w24", "unknown-type", "an unknown type is a value, not a failure", body=BODY.replace(b"application.approved", b"sponsor.added"), level="event", expect="type_mismatch")
unknown = BODY.replace(b"application.approved", b"sponsor.added")
add("w24", "unknown-type-agrees", "an unknown type is a value, not a failure", "accept", body=unknown, headers=standard(signature=sign(unknown), event="sponsor.added"), level="event")
add("w26", "bad-json-and-signature", "nothing is parsed before the signature holds", "mismatch", body=b"{", level="event")

assert len({vector["id"] for vector in vectors}) == len(vectors), "ids are unique"
print(json.dumps({
    "title": "Revento webhook verification: conformance vectors",
    "version": 1,
    "vectors": vectors,
}, ensure_ascii=True, indent=1))
