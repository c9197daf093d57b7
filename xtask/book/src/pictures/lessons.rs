//! All lessons: what each builds on, and how long it takes.

use crate::pages::listing::LessonSource;
use crate::pictures::svg::Picture;

const ROW: i32 = 30;

/// The lessons in their order, one below the other, and an arrow to each from those that it builds on.
pub fn all(lessons: &[LessonSource]) -> Picture {
    // An arrow goes as far to the left as it goes down, up to a limit.
    let reach = |from: usize, to: usize| (18 * (to - from) as i32).min(84);
    let x = 92;
    let mut picture = Picture::new("lessons", "What each lesson builds on", 420);
    picture.height = ROW * lessons.len() as i32 + 4;
    for (index, lesson) in lessons.iter().enumerate() {
        let y = ROW * index as i32 + 2;
        let number = index + 1;
        let title = lesson.title.split(':').next().unwrap_or_default();
        let time = time(lesson.minutes);
        picture.rect((x, y), (420 - x - 2, ROW - 6), "box");
        picture.text(x + 12, y + 17, "start", "name", &format!("{number} {title}"));
        picture.text(406, y + 17, "end", "label", &time);
        picture.description += &format!("Lesson {number}, {title}, takes {time}");
        let before =
            |package: &String| lessons.iter().position(|lesson| lesson.package == *package);
        let before = Vec::from_iter(lesson.after.iter().filter_map(before));
        for (nth, &from) in before.iter().enumerate() {
            let (top, left) = (ROW * from as i32 + 18, x - reach(from, index));
            let end = y + 6 + 6 * nth as i32;
            picture.add(format_args!(
                r#"<path d="M{x} {top} C{left} {top} {left} {end} {} {end}" class="arc"/>"#,
                x - 8
            ));
            picture.arrow((x - 9, end), (x, end), "line");
            let and = if nth == 0 { " and builds on lesson" } else { " and" };
            picture.description += &format!("{and} {}", from + 1);
        }
        picture.description += ". ";
    }
    picture
}

/// `minutes` as one says it: `45 min`, `1 h`, `2½ h`.
fn time(minutes: usize) -> String {
    let half = if minutes % 60 >= 30 { "½" } else { "" };
    if minutes < 60 { format!("{minutes} min") } else { format!("{}{half} h", minutes / 60) }
}
