//! Whole-system scenarios. Each file has one behaviour, and its name is that behaviour.
//!
//! If a program that a scenario needs is missing, the scenario prints one line and returns. `cargo xtask test` starts the
//! programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing test or helper panics"
)]

mod a_doctors_report_is_for_everybody;
mod a_failed_main_says_what_to_do;
mod a_flask_server_written_from_the_contract_works;
mod a_fuzzer_finds_no_answer_that_is_not_documented;
mod a_page_of_a_public_client_calls_the_platform;
mod a_participant_signs_in_to_the_example;
mod a_prefetched_connect_link;
mod a_webview_page_in_a_browser;
mod an_ended_connection_leaves_a_duty_to_delete;
mod an_express_server_written_from_the_contract_works;
mod errors_a_newcomer_meets_are_sentences;
mod every_error_is_documented;
mod every_page_is_for_everybody;
mod every_verifier_agrees_on_the_vectors;
mod foreign_oauth_libraries_work_unmodified;
mod integrations_in_other_languages_keep_the_contract;
mod no_secret_is_ever_shown;
mod our_client_works_with_a_foreign_authorization_server;
mod our_pages_in_the_platforms_frame;
mod quickstart_in_a_browser;
mod support;
mod the_console_in_a_browser;
mod the_doctor_judges_the_quickstarts_as_they_are;
mod the_doctor_passes_integrations_in_other_languages;
mod the_example_protects_its_pages;
mod the_launch_checklist_is_proven;
mod the_panel_begins_a_connection_in_a_browser;
mod web_adapters;
mod webhook_adapters;
