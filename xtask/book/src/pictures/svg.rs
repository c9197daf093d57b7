//! An SVG: text, lines, boxes and arrows, and in words what they show.

use std::fmt::Write;

/// An SVG under way.
pub struct Picture {
    name: String,
    title: String,
    /// What it shows, in words.
    pub description: String,
    width: i32,
    pub height: i32,
    body: String,
}

impl Picture {
    pub fn new(name: &str, title: &str, width: i32) -> Picture {
        Picture {
            name: name.replace(' ', "-"),
            title: title.into(),
            description: String::new(),
            width,
            height: 0,
            body: String::new(),
        }
    }

    /// Adds an element. A `String` takes all that is written to it.
    pub fn add(&mut self, element: std::fmt::Arguments<'_>) {
        _ = self.body.write_fmt(element);
        self.body.push('\n');
    }

    /// Text around the point `x`, `y`; `anchor` is `start`, `middle` or `end`.
    pub fn text(&mut self, x: i32, y: i32, anchor: &str, class: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        ));
    }

    pub fn line(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), class: &str) {
        self.add(format_args!(
            r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{class}"/>"#
        ));
    }

    /// A horizontal arrow, or a vertical one. `class` says what goes there: `request`, `response`, or
    /// `line`.
    pub fn arrow(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), class: &str) {
        self.line((x1, y1), (x2, y2), class);
        let (dx, dy) = ((x2 - x1).signum(), (y2 - y1).signum());
        let (bx, by) = (x2 - 8 * dx, y2 - 8 * dy);
        let (px, py) = (4 * dy, 4 * dx);
        self.add(format_args!(
            r#"<path d="M{x2} {y2} L{} {} L{} {} Z" class="{class}"/>"#,
            bx + px,
            by + py,
            bx - px,
            by - py
        ));
    }

    pub fn rect(&mut self, (x, y): (i32, i32), (width, height): (i32, i32), class: &str) {
        self.add(format_args!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" class="{class}"/>"#
        ));
    }

    pub fn end(self) -> String {
        let Picture { name, title, description, width, height, body } = self;
        let (title, description) = (escaped(&title), escaped(description.trim()));
        format!(
            "<figure class=\"picture\">\n\
             <svg role=\"img\" aria-labelledby=\"picture-{name} picture-{name}-words\" \
             viewBox=\"0 0 {width} {height}\" width=\"{width}\" xmlns=\"http://www.w3.org/2000/svg\">\n\
             <title id=\"picture-{name}\">{title}</title>\n\
             <desc id=\"picture-{name}-words\">{description}</desc>\n\
             {body}</svg>\n\
             </figure>"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
