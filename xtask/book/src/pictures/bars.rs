//! Horizontal bars: what charts are made of.

use crate::pictures::svg::Picture;

/// The width of each chart, and where its bars begin and end at the most.
pub const WIDTH: i32 = 440;
pub const LEFT: i32 = 156;
pub const RIGHT: i32 = 356;

/// Bars that are compared with each other.
pub struct Group {
    /// What they are, and the unit.
    pub title: String,
    pub bars: Vec<Bar>,
}

pub struct Bar {
    pub label: String,
    pub value: f64,
    /// Ours, rather than what it is compared with.
    pub is_ours: bool,
}

impl Bar {
    pub fn new(label: impl Into<String>, value: f64, is_ours: bool) -> Bar {
        Bar { label: label.into(), value, is_ours }
    }
}

/// Groups of horizontal bars, one below the other; with or without a scale that all share.
pub fn bars(name: &str, title: &str, groups: &[Group], is_shared: bool) -> Picture {
    const ROW: i32 = 24;
    let mut picture = Picture::new(&format!("cost {name}"), title, WIDTH);
    let most = |bars: &[Bar]| bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let most_of_all = groups.iter().map(|group| most(&group.bars)).fold(0.0, f64::max);
    let mut y = 0;
    for group in groups {
        let scale = if is_shared { most_of_all } else { most(&group.bars) };
        let length =
            |bar: &Bar| (f64::from(RIGHT - LEFT) * bar.value / scale).max(1.0).round() as i32;
        let (top, mut texts) = (y + ROW, Vec::new());
        picture.description += &format!("{}: ", group.title);
        for (row, bar) in group.bars.iter().enumerate() {
            let y = top + ROW * row as i32;
            let class = if bar.is_ours { "grows" } else { "box" };
            picture.rect((LEFT, y + 3), (length(bar), ROW - 6), class);
            let value = thousands(bar.value);
            picture.description += &format!("{} {value}, ", bar.label);
            texts.push((LEFT - 8, y + 17, "end", bar.label.clone()));
            texts.push((LEFT + length(bar) + 6, y + 17, "start", value));
        }
        y = top + ROW * group.bars.len() as i32 + 6;
        // Between bars and words: so none of the words stands on a bar.
        picture.line((LEFT, top), (LEFT, y - 6), "line");
        picture.text(0, top - 6, "start", "name", &group.title);
        for (x, y, anchor, text) in texts {
            picture.text(x, y, anchor, "label", &text);
        }
        picture.description.truncate(picture.description.trim_end_matches(", ").len());
        picture.description += ". ";
    }
    picture.height = y;
    picture
}

/// A number for people: without a fraction unless it is small, with commas.
pub fn thousands(number: f64) -> String {
    if number < 10.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
