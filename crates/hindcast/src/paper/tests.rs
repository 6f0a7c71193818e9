//! Whole documents, from the tree to the file.

use super::figure::Anchor;
use super::*;
use hindcast_event::{Language, Timestamp};

fn document(format: Format, blocks: Vec<Block>) -> Document {
    Document {
        language: Language::Japanese,
        title: "アクセスの見直し – Northwind Café".to_owned(),
        made_at: Timestamp::parse("2026-11-22T09:00:00Z").expect("a time"),
        foot: "hindcast · 2026-11-22".to_owned(),
        page_of: "{page} / {pages} ページ".to_owned(),
        base: "https://audit.example.com/".to_owned(),
        format,
        blocks,
    }
}

fn set(document: &Document) -> Vec<u8> {
    let bytes = pdf(document, &Fonts::load(&[]), &mut || true)
        .expect("it is set, and no rule of the standards is broken");
    assert!(bytes.starts_with(b"%PDF-1.7"));
    // For whoever wants to look at it.
    if let Some(folder) = std::env::var_os("HINDCAST_PAPER_SEEN") {
        let name = format!("{}-{}.pdf", document.blocks.len(), bytes.len());
        std::fs::write(std::path::Path::new(&folder).join(name), &bytes).expect("written");
    }
    bytes
}

fn pages(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    text.matches("/Type/Page/").count() + text.matches("/Type /Page\n").count()
}

fn everything() -> Vec<Block> {
    let long = "監査ログ（証跡）は、だれが、いつ、何をしたかを改ざんできない形で残します。".repeat(6);
    let shapes = vec![
        Shape::Rect(0.0, 10.0, 60.0, 40.0, Paint::Accent),
        Shape::Line((0.0, 50.0), (200.0, 50.0), Paint::Line),
        Shape::Path(vec![(80.0, 50.0), (100.0, 20.0), (120.0, 50.0)], Paint::Failed),
        Shape::Text((30.0, 60.0), "月曜日".to_owned(), Anchor::Middle),
    ];
    let cells = |n: u32| {
        vec![
            Span::plain(format!("2026-11-22 09:00:{:02}", n % 60)),
            Span::plain(
                ["Jürgen Groß", "田中 太郎", "نور حداد", "👩🏽‍💻 Zoë", "김서연", "\u{13000}"][n as usize % 6],
            ),
            Span::plain("サポート権限を変更しました").to("/log/1"),
            Span::mono("2001:db8::1"),
        ]
    };
    let columns = vec![
        Column::new("日時 (UTC)", 2.0),
        Column::new("担当者", 2.0),
        Column::new("アクティビティ", 3.0),
        Column::number("IP", 2.0),
    ];
    vec![
        Block::Heading(1, "概要".to_owned()),
        Block::Paragraph(vec![
            Span::plain(&long),
            Span::strong("重要"),
            Span::plain("です。"),
            Span::plain("ログで見る").to("/log?q=action%3Aadmin_*"),
            Span::plain(" by \u{2068}نور حداد\u{2069} 5 times."),
        ]),
        Block::Note(vec![Span::plain("これは証跡の一部であり、適合の証明ではありません。")]),
        Block::Facts(vec![
            ("チェックポイント".to_owned(), vec![Span::mono("0123456789abcdef".repeat(4))]),
            ("期間".to_owned(), vec![Span::plain("2026/11/01 – 2026/11/30")]),
        ]),
        Block::Figure(Figure {
            told: "月曜日にもっとも多い".to_owned(), size: (200.0, 66.0), shapes
        }),
        Block::Heading(2, "記録".to_owned()),
        Block::Table(Table {
            caption: "記録".to_owned(),
            columns,
            rows: (0..60).map(cells).collect(),
            row_heads: false,
        }),
        Block::NewPage,
        Block::Paragraph(vec![Span::plain("Fin.")]),
    ]
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let document = document(Format::Portrait, everything());
    assert_eq!(set(&document), set(&document));
}

#[test]
fn a_cell_that_is_taller_than_a_page_goes_on_on_the_next() {
    let columns = vec![Column::new("a", 1.0), Column::new("b", 1.0)];
    let rows = vec![vec![Span::plain("x ".repeat(20_000)), Span::plain("short")]];
    let table = Table { caption: "tall".to_owned(), columns, rows, row_heads: true };
    assert!(pages(&set(&document(Format::Portrait, vec![Block::Table(table)]))) > 3);
}

#[test]
fn nothing_that_somebody_wrote_breaks_a_page() {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\u{200d}",
        "\u{202e}\u{2066}",
        "\u{0}\u{1b}[2J",
        "e\u{301}\u{327}",
        "\u{feff}x",
        "\u{fdfa}",
        "\u{1f468}\u{1f3fd}",
        "\u{ad}",
        "ﷺ 5 א-ב 7",
        "\u{fffe}\u{10ffff}",
        "🇯🇵🏴\u{e0067}\u{e007f}",
        "ก็",
        "𝔘",
        "\u{2028}",
    ]
    .map(str::to_owned)
    .into();
    // A bit of everything: the first letters of each block of 256, many to a text.
    let letters = (0..0x11_0000_u32).step_by(37).filter_map(char::from_u32).collect::<Vec<_>>();
    texts.extend(letters.chunks(200).map(|letters| letters.iter().collect()));
    let columns = vec![Column::new("a", 1.0), Column::number("b", 3.0)];
    let row = |text: &String| vec![Span::mono(text), Span::strong(text).to("/log/1")];
    let rows = texts.iter().map(row).collect();
    let blocks = vec![
        Block::Heading(3, texts.concat().chars().take(300).collect()),
        Block::Paragraph(texts.iter().map(Span::plain).collect()),
        Block::Table(Table { caption: texts[4].clone(), columns, rows, row_heads: true }),
    ];
    set(&document(Format::Portrait, blocks));
}

#[test]
fn whoever_does_not_wait_any_more_is_not_kept_waiting() {
    let error = pdf(&document(Format::Portrait, everything()), &Fonts::load(&[]), &mut || false);
    assert!(matches!(error, Err(PaperError::Cancelled)));
}

#[test]
#[ignore = "takes most of a minute without optimisation; ./test runs it"]
fn a_table_of_thirty_thousand_rows_is_set_whole() {
    let columns = vec![
        Column::new("Time (UTC)", 2.0),
        Column::new("Who", 2.0),
        Column::new("Activity", 4.6),
        Column::new("Target", 2.0),
        Column::new("Outcome", 1.5),
        Column::new("IP", 2.0),
        Column::number("Index", 1.1),
    ];
    let names = ["Jürgen Groß", "田中 太郎", "نور حداد", "Zoë Smith"];
    let row = |n: usize| {
        vec![
            Span::plain(format!(
                "2026-11-{:02} {:02}:{:02}:{:02}",
                n / 1440 + 1,
                n / 60 % 24,
                n % 60,
                n % 59
            )),
            Span::plain(names[n % names.len()]),
            Span::plain(format!("{} changed the permissions of the team Payments", names[n % names.len()])),
            Span::plain("Payments"),
            Span::plain("Success"),
            Span::mono(format!("192.0.2.{}", n % 256)),
            Span::plain(n.to_string()).to(format!("/log/{n}")),
        ]
    };
    let table = Table {
        caption: "30,000".to_owned(),
        columns,
        rows: (0..30_000).map(row).collect(),
        row_heads: false,
    };
    let bytes = set(&document(Format::Landscape, vec![Block::Table(table)]));
    assert!(pages(&bytes) > 600, "{} pages", pages(&bytes));
}
