//! Comfort for those whose browsers run script; every page is whole without it. Only what stands here is compiled to wasm,
//! so an island takes little and knows nothing of pages.
//!
//! One more island is a file with one `#[island]`, named here and placed by a page, a component or the shell. Effects run
//! in the browser alone, so that is where it may reach for the document.
mod browser;
pub mod copying;
pub mod filtering;
pub mod first_call;
pub mod keep_place;
pub mod live_preview;
pub mod samples;
pub mod search_palette;
pub mod show_password;
pub mod theme_switch;
pub mod try_it;
mod typed_call;

pub use copying::Copying;
pub use filtering::Filtering;
pub use first_call::FirstCall;
pub use keep_place::KeepPlace;
pub use live_preview::LivePreview;
pub use samples::Samples;
pub use search_palette::SearchPalette;
pub use show_password::ShowPassword;
pub use theme_switch::ThemeSwitch;
pub use try_it::TryIt;
