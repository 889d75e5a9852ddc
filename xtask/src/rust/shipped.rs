//! Which items are compiled only for tests.

use syn::{Attribute, Meta, Token, punctuated::Punctuated};

/// Whether these attributes compile the item without `cfg(test)` and `cfg(doctest)`.
pub(super) fn is_shipped(attributes: &[Attribute]) -> bool {
    !attributes.iter().any(needs_tests)
}

fn needs_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<Meta>()
            .is_ok_and(|condition| implies_test(&condition))
}

/// Whether the condition can hold only in a test build.
fn implies_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("doctest"),
        Meta::List(list) => {
            let parts = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .unwrap_or_default();
            if list.path.is_ident("all") {
                parts.iter().any(implies_test)
            } else {
                list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(implies_test)
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn only_a_condition_that_implies_a_test_build_hides_an_item() {
        let hidden: [Attribute; 3] = [
            parse_quote!(#[cfg(test)]),
            parse_quote!(#[cfg(all(test, feature = "deep"))]),
            parse_quote!(#[cfg(any(test, doctest))]),
        ];
        for attribute in hidden {
            assert!(!is_shipped(&[attribute]));
        }
        let shipped: [Attribute; 4] = [
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[cfg(not(test))]),
            parse_quote!(#[cfg(any(test, feature = "test-util"))]),
            parse_quote!(#[derive(Debug)]),
        ];
        for attribute in shipped {
            assert!(is_shipped(&[attribute]));
        }
    }
}
