//! The icons and the logo, drawn on a 24 × 24 grid with one stroke width. They are decoration: the text beside
//! them, or the control's label, carries the meaning.

use leptos::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Alert,
    Bolt,
    Branch,
    Building,
    Chart,
    Check,
    Chevron,
    Clipboard,
    Close,
    Code,
    Copy,
    Dashboard,
    Dollar,
    Download,
    Edit,
    Globe,
    Key,
    Laptop,
    Layers,
    List,
    Megaphone,
    Menu,
    Moon,
    People,
    Play,
    Plug,
    Plus,
    Power,
    Refresh,
    Search,
    Share,
    SignOut,
    Sliders,
    Sun,
    Screen,
    Tag,
    Terminal,
    Ticket,
    Trash,
    Wallet,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Alert => "M12 4 2.8 19.5h18.4L12 4zM12 10v4.500M12 17.200v.1",
            Self::Bolt => "M13 3 5 13.500h6L10 21l8-10.500h-6L13 3z",
            Self::Branch => {
                "M3.500 12H10l6-6h4M10 12l6 6h4M17.500 3.500 20 6l-2.500 2.500M17.500 15.500 20 18l-2.500 2.500"
            }
            Self::Building => "M5 20V4h9v16M14 9h5v11M3.500 20h17M8 8h3M8 12h3M8 16h3",
            Self::Chart => "M4 4v16h16M8 16v-5M12.500 16V8M17 16v-9",
            Self::Check => "m5 12.500 4.500 4.500L19 7.500",
            Self::Chevron => "m6.500 9.500 5.500 5.500 5.500-5.500",
            Self::Clipboard => {
                "M8 5H5v15.500h14V5h-3M8.500 3.500h7v3.500h-7zM8.500 11.500h7M8.500 15.500h4.500"
            }
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::Code => "M8 7.500 3.500 12 8 16.500M16 7.500l4.500 4.500-4.500 4.500M13.500 5l-3 14",
            Self::Copy => {
                "M9 9h9.500a1.500 1.500 0 0 1 1.500 1.500V20H10.500A1.500 1.500 0 0 1 9 18.500V9zM5.500 15H4V5.500A1.500 1.500 0 0 1 5.500 4H15v1.500"
            }
            Self::Dashboard => "M4 4h7v9H4zM15 4h5v5h-5zM15 13h5v7h-5zM4 17h7v3H4z",
            Self::Dollar => {
                "M12 3v18M16.500 7.500C15.800 6 14.200 5.500 12 5.500c-2.500 0-4.500 1-4.500 3.200 0 4.800 9.300 2 9.300 6.700 0 2.200-2.200 3.100-4.800 3.100-2.400 0-4.200-.8-4.800-2.600"
            }
            Self::Download => "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14",
            Self::Edit => "M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4",
            Self::Globe => {
                "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM3.500 12h17M12 3.500c2.300 2.400 3.500 5.300 3.500 8.500s-1.200 6.100-3.500 8.500c-2.300-2.400-3.500-5.300-3.500-8.500s1.200-6.100 3.500-8.500z"
            }
            Self::Key => {
                "M8 11a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM11.300 12.300 20 4M16.500 7.500l2.500 2.500"
            }
            Self::Laptop => "M5 5h14v10.500H5zM2.500 19h19",
            Self::Layers => {
                "M12 3.500 3.500 8l8.500 4.500L20.500 8 12 3.500zM3.500 12.200l8.500 4.500 8.500-4.500M3.500 16.400l8.500 4.500 8.500-4.500"
            }
            Self::List => "M9 6h11M9 12h11M9 18h11M4.500 6v.1M4.500 12v.1M4.500 18v.1",
            Self::Megaphone => {
                "M4 10v4h3l8.500 4.500v-13L7 10H4zM18.500 9.500a3.500 3.500 0 0 1 0 5M7.500 14l1.500 5.500h2.500l-1.300-4"
            }
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Moon => "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
            Self::People => {
                "M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM2.500 20c0-3.500 2.900-5.500 6.500-5.500s6.500 2 6.500 5.500M16 5.500a3.200 3.200 0 0 1 0 6M18 14.800c2.200.6 3.500 2.300 3.500 5.200"
            }
            Self::Play => "M7 4.500v15l12-7.500L7 4.500z",
            Self::Plug => "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0V8zM12 17v4",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Power => "M12 3v8M6.500 6.500a8 8 0 1 0 11 0",
            Self::Refresh => {
                "M20 5v5h-5M4 19v-5h5M19.300 10A8 8 0 0 0 5.500 7.500M4.700 14a8 8 0 0 0 13.800 2.500"
            }
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500",
            Self::Share => {
                "M15.500 5a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0zM3.500 12a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0zM15.500 19a2.500 2.500 0 1 0 5 0 2.500 2.500 0 1 0-5 0zM8.200 10.700l7.600-4.400M8.200 13.300l7.600 4.400"
            }
            Self::SignOut => "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
            Self::Sliders => "M4 7h9M17 7h3M13 5v4h4V5h-4zM4 17h3M11 17h9M7 15v4h4v-4H7z",
            Self::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400"
            }
            Self::Screen => "M3.500 5h17v11h-17zM9 20h6M12 16v4",
            Self::Tag => "M4 4h7l9 9-7 7-9-9V4zM8 8v.1",
            Self::Terminal => "M3.500 4.500h17v15h-17zM7 9l3 3-3 3M12.500 15H16",
            Self::Ticket => {
                "M4 7h16v3.500a1.500 1.500 0 0 0 0 3V17H4v-3.500a1.500 1.500 0 0 0 0-3V7zM14 7v2M14 11v2M14 15v2"
            }
            Self::Trash => "M4.500 7h15M9.500 7V4h5v3M6.500 7l1 13h9l1-13M10 11v5.500M14 11v5.500",
            Self::Wallet => "M18 8V5H6.500a2.500 2.500 0 0 0 0 3H20v11H6a2 2 0 0 1-2-2V6.500M16 13.500v.1",
        }
    }
}

/// One icon. The size comes from the classes.
#[component]
pub(crate) fn Glyph(icon: Icon, #[prop(default = "size-5")] class: &'static str) -> impl IntoView {
    view! {
        <svg
            class=format!("{class} shrink-0")
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d=icon.path()></path>
        </svg>
    }
}

/// The logo: a causeway of two arches over water.
#[component]
pub(crate) fn Logo(#[prop(default = "size-8")] class: &'static str) -> impl IntoView {
    view! {
        <svg class=format!("{class} shrink-0") viewBox="0 0 48 48" fill="none" aria-hidden="true">
            <rect class="fill-primary" width="48" height="48" rx="11"></rect>
            <g class="stroke-primary-content" stroke-width="3.5" stroke-linecap="round">
                <path d="M6 20.500h36" stroke-width="4"></path>
                <path d="M9 34v-2.500a7.500 7.500 0 0 1 15 0V34M24 34v-2.500a7.500 7.500 0 0 1 15 0V34"></path>
                <path
                    d="M7 40.500c3 0 3-1.500 5.700-1.500s2.700 1.500 5.700 1.500 3-1.500 5.600-1.500 2.700 1.500 5.700 1.500 3-1.500 5.700-1.500 2.600 1.500 5.600 1.500"
                    stroke-width="2"
                    opacity=".6"
                ></path>
            </g>
        </svg>
    }
}
