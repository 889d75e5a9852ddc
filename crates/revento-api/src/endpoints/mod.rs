//! The endpoints of the read API (contract §3.2), and the pages of their lists.

mod bookmark;
mod connection;
mod event;
mod installations;
mod items;
mod list;
mod pages;
mod raw;
mod read_page;
mod reader;
mod user;

pub use self::{
    bookmark::{Bookmark, ParseBookmarkError},
    event::{EventClient, Participants},
    installations::Installations,
    items::Items,
    list::{List, OnBadItem, Progress},
    pages::Pages,
    raw::Raw,
    user::UserClient,
};
pub(crate) use self::{connection::ConnectionReader, reader::Reader};
