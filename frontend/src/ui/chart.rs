//! A bar for each piece of time. The floats here are lengths on the screen; every figure that is read comes from integers.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use leptos::prelude::*;
pub(crate) use leptos_chartistry::Period;
use leptos_chartistry::{
    AspectRatio, AxisMarker, Bar, Chart, IntoEdge, IntoInner, Padding, Series, TickLabels, Timestamps,
    Tooltip, TooltipPlacement, XGuideLine, YGridLine,
};

/// What is drawn: where a piece of time begins and its figure in the smallest unit (nano-dollars, tokens, requests).
pub(crate) type Point = (DateTime<Utc>, i64);

const HEIGHT: f64 = 260.0;
/// Steps of the vertical axis: what the library fits into this height with this font.
const STEPS: i64 = 7;
const FONT_HEIGHT: f64 = 12.0;
/// Width of a character in the fixed-width font that `styles/main.css` gives to the labels.
const FONT_WIDTH: f64 = 7.25;

/// The chart. `describe` is read out instead of the drawing.
#[component]
pub(crate) fn TimeChart(
    points: Vec<Point>,
    /// How long a piece is.
    #[prop(default = Period::Day)]
    period: Period,
    #[prop(into)] name: String,
    #[prop(into)] describe: Signal<String>,
    /// Writes a figure.
    figure: fn(i64) -> String,
    /// Writes the beginning of a piece.
    moment: impl Fn(DateTime<Utc>) -> String + Clone + Send + Sync + 'static,
    /// How far the axis reaches while there is nothing but zeros.
    at_least: i64,
) -> impl IntoView {
    let highest = points.iter().map(|(_, n)| *n).max().unwrap_or_default();
    let top = STEPS * round_step(if highest > 0 { highest } else { at_least });
    // The library leaves out a tick that falls on the very end.
    let end = points.last().map(|(at, _)| *at + chrono::Duration::minutes(1));
    let periods = || Timestamps::from_period(period);
    let written = moment.clone();
    let x_labels = TickLabels::from_generator(periods()).with_format(move |at, _| written(*at));
    let x_tooltip = TickLabels::from_generator(periods()).with_format(move |at, _| moment(*at));
    let y_labels = TickLabels::aligned_floats().with_format(move |n, _| figure(whole(*n)));
    let y_tooltip = TickLabels::aligned_floats().with_format(move |n, _| figure(whole(*n)));
    let series = Series::new(|(at, _): &Point| *at)
        .bar(Bar::new(|(_, n): &Point| length(*n)).with_name(name).with_gap(0.3))
        .with_max_x(end)
        .with_y_range(Some(0.0), Some(length(top)));
    view! {
        <figure class="cw-chart" role="img" aria-label=move || describe.get()>
            <Chart
                aspect_ratio=AspectRatio::from_env_width(HEIGHT)
                font_height=FONT_HEIGHT
                font_width=FONT_WIDTH
                padding=Padding::from(FONT_WIDTH)
                left=vec![y_labels.clone().into_edge()]
                bottom=vec![x_labels.into_edge()]
                inner=[
                    YGridLine::from_ticks(y_labels).into_inner(),
                    AxisMarker::bottom_edge().with_arrow(false).into_inner(),
                    XGuideLine::over_data().into_inner(),
                ]
                tooltip=Tooltip::new(TooltipPlacement::LeftCursor, x_tooltip, y_tooltip)
                series
                data=Signal::stored(points)
            />
        </figure>
    }
}

/// Where a day stands on the axis: at its own midnight, whatever its zone.
pub(crate) fn start_of(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// The smallest round number of which `STEPS` reach at least as high.
fn round_step(highest: i64) -> i64 {
    const ROUND: [i64; 9] = [10, 15, 20, 25, 30, 40, 50, 60, 80];
    let least = highest.max(1).saturating_add(STEPS - 1) / STEPS;
    let mut scale = 1_i64;
    loop {
        // Below ten only whole numbers: half a request is no step.
        if let Some(step) = (1..=10).find(|n| scale == 1 && *n >= least) {
            return step;
        }
        if let Some(step) = ROUND.into_iter().map(|n| n.saturating_mul(scale)).find(|n| *n >= least) {
            return step;
        }
        scale = scale.saturating_mul(10);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a length on the screen")]
fn length(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, reason = "ticks lie between the figures, which are integers")]
fn whole(n: f64) -> i64 {
    n.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_divided_into_round_steps_and_reaches_the_highest_bar() {
        assert_eq!([0, 3, 7, 8, 60, 71].map(round_step), [1, 1, 1, 2, 9, 15]);
        assert_eq!(round_step(16_020_850_000), 2_500_000_000, "16.02 dollars in steps of 2.50");
        for highest in (0..18).map(|n| 10_i64.pow(n)).chain([i64::MAX / 8]) {
            assert!(STEPS * round_step(highest) >= highest, "{highest}");
        }
    }
}
