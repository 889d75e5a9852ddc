//! Reading the API (contract §3).

mod answers;
mod calls;
mod failures;
mod limits;
mod pages;

use crate::check::{Check, check};

pub(super) const CHECKS: &[Check] = &[
    check!(Reading Required "§3.1" "reading-accept-header" [ConnectUrl, ReadUrl]
        "Each call pins the version of the API"
        why: "Without it, the answers change on the day on which the platform makes another version its default"
        mend: "Send `Accept: application/vnd.revento.v1+json` with each call of the API"
        run: calls::accept),
    check!(Reading Required "§3.1" "reading-request-id" [ConnectUrl, ReadUrl]
        "Each call has a request id"
        why: "The platform's support finds a call by its id"
        mend: "Send a UUID as `X-Revento-Request-Id` with each call of the API, and log it"
        run: calls::request_id),
    check!(Reading Required "§3.1" "reading-request-id-fresh" [ConnectUrl, ReadUrl]
        "Each call has a request id of its own"
        why: "An id that names many calls finds none of them"
        mend: "Draw a new UUID for each request: for each page, and for each repetition"
        run: calls::request_id_fresh),
    check!(Reading Recommended "§3.1" "reading-user-agent" [ConnectUrl, ReadUrl]
        "Each call has a User-Agent"
        why: "Operators and firewalls tell clients apart by it, and some block calls without it"
        mend: "Send `User-Agent: your-integration/1.0` with each call"
        run: calls::user_agent),
    check!(Reading Required "§3.1" "reading-token-in-header" [ConnectUrl, ReadUrl]
        "The access token is sent in the Authorization header, never in the URL"
        why: "URLs end up in the logs of every proxy on the way"
        mend: "Send `Authorization: Bearer …`, and nothing of the token in the query"
        run: calls::token_in_header),
    check!(Reading Required "§3.3" "reading-all-pages" [ConnectUrl, ReadUrl]
        "A list is read to its last page"
        why: "A page has 50 rows at most: the participants after them would be missing"
        mend: "Read on with `cursor` set to `next_cursor` as long as `has_more` is true"
        run: pages::all),
    check!(Reading Required "§3.3" "reading-empty-page" [ConnectUrl, ReadUrl]
        "A page without rows does not end a list that has more"
        why: "`has_more` is the only signal: rows can be filtered away after a page was cut"
        mend: "Stop when `has_more` is false, not when `data` is empty or short"
        run: pages::empty),
    check!(Reading Required "§3.3" "reading-has-more-decides" [ConnectUrl, ReadUrl]
        "A list ends when `has_more` is false, even if there is a `next_cursor`"
        why: "`has_more` is the canonical signal; a cursor after the end leads nowhere"
        mend: "Look at `has_more` only, and use `next_cursor` when it is true"
        run: pages::has_more_decides),
    check!(Reading Recommended "§3.3" "reading-repeated-cursor" [ConnectUrl, ReadUrl]
        "A list whose cursor repeats is given up"
        why: "One mistake of the platform would become an endless loop that spends the whole budget"
        mend: "Stop with an error when `next_cursor` is the cursor that was sent"
        run: pages::repeated_cursor),
    check!(Reading Recommended "§3.3" "reading-more-without-cursor" [ConnectUrl, ReadUrl]
        "A list that has more but no cursor is given up"
        why: "Reading on without a cursor begins at the first page again, for ever"
        mend: "Stop with an error when `has_more` is true and `next_cursor` is null"
        run: pages::more_without_cursor),
    check!(Reading Required "§3.3" "reading-opaque-cursor" [ConnectUrl, ReadUrl]
        "A cursor with special characters is sent back unchanged"
        why: "A cursor is opaque and its format may change without notice: in a URL, `+`, `&` and `#` have to be encoded"
        mend: "Build the query with your language's URL library, not by joining texts"
        run: pages::opaque_cursor),
    check!(Reading Recommended "§3.3" "reading-duplicate-rows" [ConnectUrl, ReadUrl]
        "A row that comes twice does not break a read"
        why: "While somebody changes, they can be on two pages"
        mend: "Store rows with an upsert by their `id`"
        run: answers::duplicate_rows),
    check!(Reading Required "§9" "reading-unknown-fields" [ConnectUrl, ReadUrl]
        "Unknown fields are ignored"
        why: "The platform adds fields without notice"
        mend: "Ignore the fields that you do not know: no strict schema for answers"
        run: answers::unknown_fields),
    check!(Reading Required "§9" "reading-unknown-values" [ConnectUrl, ReadUrl]
        "Unknown values of statuses and roles are read"
        why: "The platform adds values without notice: one participant with a new status would hide all the others"
        mend: "Keep a value that you do not know as text"
        run: answers::unknown_values),
    check!(Reading Required "§9" "reading-missing-fields" [ConnectUrl, ReadUrl]
        "A participant without the optional fields is read"
        why: "A field that the contract does not promise can be absent or null"
        mend: "Treat each field that the contract does not promise as optional"
        run: answers::missing_fields),
    check!(Reading Required "§3.5" "reading-not-json" [ConnectUrl, ReadUrl]
        "An HTML page with status 200 is not taken for an empty list"
        why: "A portal or a proxy answers so: an integration that believes it deletes all its participants"
        mend: "Check that the answer is JSON with `data`, and treat everything else as a failure"
        run: answers::not_json),
    check!(Reading Required "§3.5" "reading-expired-mid-list" [ConnectUrl, ReadUrl]
        "A token that expires between two pages is refreshed, and the list is read on"
        why: "A long list takes time, and an access token lives one hour"
        mend: "Refresh around the single request, not around the whole list"
        run: failures::expired_mid_list),
    check!(Reading Required "§3.5" "reading-5xx-retried" [ConnectUrl, ReadUrl]
        "A call that is answered 503 is repeated"
        why: "Every call is a read, so a short outage need not be seen by anybody"
        mend: "Repeat a call after a 5xx a few times, after a pause that grows"
        run: failures::retried),
    check!(Reading Required "§3.5" "reading-5xx-backoff" [ConnectUrl, ReadUrl]
        "Calls that fail are repeated after pauses"
        why: "Repetitions without a pause make an outage worse, and spend the budget in a second"
        mend: "Wait before each repetition, longer each time, with a random part; give up after a few"
        run: failures::backoff),
    check!(Reading Required "§9" "reading-html-error" [ConnectUrl, ReadUrl]
        "A 502 with an HTML page is handled like any other 5xx"
        why: "Proxies answer with HTML; a parser that fails on it hides the status"
        mend: "Look at the status first, and parse the body of an error only if it is JSON"
        run: failures::html),
    check!(Reading Required "§3.5" "reading-connection-reset" [ConnectUrl, ReadUrl]
        "A call whose connection breaks is repeated"
        why: "Every call is a read, and networks fail"
        mend: "Treat an error of the connection like a 5xx"
        run: failures::connection_reset),
    check!(Reading Required "§3.5" "reading-forbidden-final" [ConnectUrl, ReadUrl]
        "A call that is answered 403 is not repeated again and again"
        why: "A missing scope stays missing: only a new consent helps"
        mend: "Fail on 403; on `insufficient_scope`, ask for a new consent"
        run: failures::forbidden),
    check!(Reading Required "§3.6" "reading-retry-after" [ConnectUrl, ReadUrl]
        "After a 429 with Retry-After, no call is made before that time is over"
        why: "Calls that do not wait are answered 429 again, and many of them suspend the integration"
        mend: "Wait at least the seconds of `Retry-After` before the next call with this token"
        run: limits::retry_after),
    check!(Reading Recommended "§3.6" "reading-retry-after-date" [ConnectUrl, ReadUrl]
        "A Retry-After that is a date is understood"
        why: "HTTP allows a date, and proxies send it"
        mend: "If `Retry-After` is not a number, parse it as an HTTP date"
        run: limits::retry_after_date),
    check!(Reading Required "§3.5" "reading-concurrent-limit-retried" [ConnectUrl, ReadUrl]
        "A call that is answered `concurrent_limit_exceeded` is repeated"
        why: "It is over as soon as another call ends"
        mend: "Wait until one of your own calls has ended, or a moment, and repeat the call"
        run: limits::concurrent_retried),
    check!(Reading Required "§3.5" "reading-429-paced" [ConnectUrl, ReadUrl]
        "A 429 without Retry-After is not answered with a burst of calls"
        why: "Repeated 429s in a short time can suspend the integration"
        mend: "Wait before each repetition, longer each time"
        run: limits::paced_429),
    check!(Reading Required "§3.6" "reading-in-flight" [ConnectUrl, ReadUrl]
        "Never more than five calls are in flight with one token"
        why: "The sixth is answered 429, and repeated 429s can suspend the integration"
        mend: "Take one of five places (a semaphore for each connection) before a call, and give it back after the answer"
        run: limits::in_flight),
    check!(Reading Required "§3.6" "reading-pacing" [ConnectUrl, ReadUrl]
        "Never more than 30 calls are made in a minute with one token"
        why: "Repeated 429s can suspend the integration: a client must pace itself, not only react"
        mend: "Count the calls of the last 60 seconds for each connection, and wait, or answer from what you have stored"
        run: limits::pacing),
];
