//! Components without knowledge of any page: they take data and signals, and fetch nothing.

pub(crate) mod badge;
pub(crate) mod bars;
pub(crate) mod button;
pub(crate) mod chart;
pub(crate) mod checks;
pub(crate) mod choice;
pub(crate) mod code;
pub(crate) mod confirm;
pub(crate) mod copy;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod icon;
pub(crate) mod limits;
pub(crate) mod loaded;
pub(crate) mod menu;
pub(crate) mod more;
pub(crate) mod notice;
pub(crate) mod page;
pub(crate) mod preferences;
pub(crate) mod table;
pub(crate) mod tabs;
pub(crate) mod toast;
pub(crate) mod usage;
