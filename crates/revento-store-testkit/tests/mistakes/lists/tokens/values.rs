//! What comes back differs from what was stored.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, read, sql},
};

pub(super) fn values() -> Vec<Mistake> {
    vec![
        read("organizations in ASCII", "organization_id", wrong::ascii).found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "not in UTF-8"],
        ),
        read("organizations in Latin-1", "organization_id", wrong::latin_1).found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "not in UTF-8"],
        ),
        read(
            "organizations in 3-byte UTF-8",
            "organization_id",
            wrong::three_byte_utf8,
        )
        .found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "not in UTF-8"],
        ),
        read(
            "organizations in lower case",
            "organization_id",
            wrong::in_lower_case,
        )
        .found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "the case of its letters has changed"],
        ),
        read(
            "organizations without trailing blanks",
            "organization_id",
            wrong::without_trailing_blanks,
        )
        .found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "blanks around it are gone"],
        ),
        read("organizations end at a NUL", "organization_id", wrong::up_to_nul).found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "it ends where its NUL was"],
        ),
        read(
            "organizations in normal form C",
            "organization_id",
            wrong::composed,
        )
        .found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "normalizes Unicode"],
        ),
        read(
            "organizations of 255 characters",
            "organization_id",
            wrong::cut_at_255,
        )
        .found_by(
            "k8_no_text_is_cut",
            &["the organization id", "it was cut after 255 bytes"],
        ),
        read(
            "an empty organization is NULL",
            "organization_id",
            wrong::empty_is_null,
        )
        .found_by(
            "k8_texts_survive_in_every_field",
            &["the organization id", "takes an empty text for NULL"],
        ),
        read(
            "no organization is an empty one",
            "organization_id",
            wrong::null_is_empty,
        )
        .found_by(
            "k1_every_combination_of_optional_fields_survives",
            &["organization_id"],
        ),
        read("reasons in ASCII", "reason", wrong::ascii)
            .found_by("k8_texts_survive_in_every_field", &["the reason", "not in UTF-8"]),
        read("reasons in 3-byte UTF-8", "reason", wrong::three_byte_utf8)
            .found_by("k8_texts_survive_in_every_field", &["the reason", "not in UTF-8"]),
        read("reasons of 20 characters", "reason", wrong::cut_at_20)
            .found_by("k8_no_text_is_cut", &["the reason", "it was cut after 20 bytes"]),
        read("reasons of 255 characters", "reason", wrong::cut_at_255)
            .found_by("k8_no_text_is_cut", &["the reason", "it was cut after 255 bytes"]),
        read(
            "reasons with other line ends",
            "reason",
            wrong::with_unix_line_ends,
        )
        .found_by(
            "k8_texts_survive_in_every_field",
            &["the reason", "its line ends have changed"],
        ),
        read("an empty reason is NULL", "reason", wrong::empty_is_null).found_by(
            "k8_texts_survive_in_every_field",
            &["the reason", "takes an empty text for NULL"],
        ),
        read("statuses in Latin-1", "status", wrong::latin_1)
            .found_by("k8_texts_survive_in_every_field", &["the status", "not in UTF-8"]),
        read("statuses of 20 characters", "status", wrong::cut_at_20)
            .found_by("k8_no_text_is_cut", &["the status", "it was cut after 20 bytes"]),
        read("statuses of 255 characters", "status", wrong::cut_at_255)
            .found_by("k8_no_text_is_cut", &["the status", "it was cut after 255 bytes"]),
        read("statuses in lower case", "status", wrong::in_lower_case).found_by(
            "k8_texts_survive_in_every_field",
            &["the status", "the case of its letters has changed"],
        ),
        read("scopes in ASCII", "scopes", wrong::ascii)
            .found_by("k8_texts_survive_in_every_field", &["the scopes", "not in UTF-8"]),
        read("scopes in Latin-1", "scopes", wrong::latin_1)
            .found_by("k8_texts_survive_in_every_field", &["the scopes", "not in UTF-8"]),
        read("scopes in 3-byte UTF-8", "scopes", wrong::three_byte_utf8)
            .found_by("k8_texts_survive_in_every_field", &["the scopes", "not in UTF-8"]),
        read("scopes of 255 characters", "scopes", wrong::cut_at_255)
            .found_by("k8_no_text_is_cut", &["the scopes", "it was cut after 255 bytes"]),
        read(
            "an empty user is the installation",
            "user_id",
            wrong::empty_is_null,
        )
        .found_by("k8_no_two_keys_are_mistaken_for_each_other", &["user_id"]),
        read("no user is an empty one", "user_id", wrong::null_is_empty)
            .found_by("k1_every_combination_of_optional_fields_survives", &["user_id"]),
        read("users in ASCII", "user_id", wrong::ascii)
            .found_by("k8_no_two_keys_are_mistaken_for_each_other", &["user_id"]),
        read(
            "clients without trailing blanks",
            "client_id",
            wrong::without_trailing_blanks,
        )
        .found_by("k8_no_two_keys_are_mistaken_for_each_other", &["client_id"]),
        read("events end at a NUL", "event_id", wrong::up_to_nul)
            .found_by("k8_no_two_keys_are_mistaken_for_each_other", &["event_id"]),
        read("events in normal form C", "event_id", wrong::composed)
            .found_by("k8_no_two_keys_are_mistaken_for_each_other", &["event_id"]),
        read("no tokens are NULL", "tokens", wrong::empty_is_null)
            .found_by("k8_sealed_bytes_survive_as_they_are", &["its tokens"]),
        read("NULL is no tokens", "tokens", wrong::null_is_no_bytes)
            .found_by("k1_every_combination_of_optional_fields_survives", &["tokens"]),
        read("tokens as lossy text", "tokens", wrong::as_lossy_text)
            .found_by("k8_sealed_bytes_survive_as_they_are", &["its tokens"]),
        read("tokens of 64 KiB", "tokens", wrong::cut_at_64_kib)
            .found_by("k8_large_tokens_survive", &["the size of the tokens"]),
        read(
            "tokens without trailing zeros",
            "tokens",
            wrong::without_trailing_zeros,
        )
        .found_by("k8_sealed_bytes_survive_as_they_are", &["its tokens"]),
        bound(
            "status times in milliseconds",
            "create",
            8,
            wrong::as_milliseconds,
        )
        .found_by(
            "k1_every_combination_of_optional_fields_survives",
            &["status_since"],
        ),
        read("no deadline is 1970", "delete_by", wrong::null_is_zero)
            .found_by("k1_every_combination_of_optional_fields_survives", &["delete_by"]),
        bound("deadlines until 2038", "create", 9, wrong::between_1970_and_2038)
            .found_by("k9_times_survive_to_the_microsecond", &["delete_by"]),
        bound("consent times in seconds", "create", 12, wrong::as_seconds).found_by(
            "k1_every_combination_of_optional_fields_survives",
            &["consented_at"],
        ),
        bound("consent times as floats", "create", 15, wrong::as_float)
            .found_by("k9_times_survive_to_the_microsecond", &["consent_expires_at"]),
        bound("access times as floats", "create", 13, wrong::as_float)
            .found_by("k9_times_survive_to_the_microsecond", &["access_expires_at"]),
        bound(
            "refresh times in milliseconds",
            "create",
            14,
            wrong::as_milliseconds,
        )
        .found_by(
            "k1_every_combination_of_optional_fields_survives",
            &["refresh_expires_at"],
        ),
        bound(
            "refresh times of a swap in seconds",
            "swap",
            14,
            wrong::as_seconds,
        )
        .found_by("k1_every_status_and_reason_survives", &["refresh_expires_at"]),
        bound("generations are signed", "create", 11, wrong::as_signed)
            .found_by("k9_counters_survive_in_full_width", &["generation"]),
        bound("generations as floats", "create", 11, wrong::as_float)
            .found_by("k9_counters_survive_in_full_width", &["generation"]),
        bound("generations of 32 bits", "create", 11, wrong::as_32_bits)
            .found_by("k9_counters_survive_in_full_width", &["generation"]),
        sql("a new record has no reason", "create", "?7,", "NULL,")
            .found_by("k1_every_combination_of_optional_fields_survives", &["reason"]),
        sql("a new record has no deadline", "create", "?9,", "NULL,")
            .found_by("k1_every_combination_of_optional_fields_survives", &["delete_by"]),
        sql(
            "two times of a new record are swapped",
            "create",
            "?13, ?14,",
            "?14, ?13,",
        )
        .found_by(
            "k1_every_combination_of_optional_fields_survives",
            &["access_expires_at"],
        ),
    ]
}
