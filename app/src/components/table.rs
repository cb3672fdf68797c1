//! Tables that become cards where there is no room. Roles are written out: with another `display` browsers forget them.
use leptos::prelude::*;

/// One column of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Column {
    label: &'static str,
    class: Option<&'static str>,
}

impl Column {
    pub const fn text(label: &'static str) -> Self {
        Self { label, class: None }
    }
    /// Aligned at the end.
    pub const fn number(label: &'static str) -> Self {
        Self { label, class: Some("num") }
    }
    /// The last one, for what can be done with a row.
    pub const ACTIONS: Self = Self { label: "Actions", class: Some("actions") };

    fn is_actions(self) -> bool {
        self.class == Some("actions")
    }
}

/// One row, made with [`cells!`](crate::cells).
pub struct Row {
    cells: Vec<AnyView>,
    selected: bool,
}

impl Row {
    pub fn new(cells: Vec<AnyView>) -> Self {
        Self { cells, selected: false }
    }
    #[must_use]
    pub fn selected(self, selected: bool) -> Self {
        Self { selected, ..self }
    }
}

/// A [`Row`] from one view a column; the first one names the row.
#[macro_export]
macro_rules! cells {
    ($($cell:expr),+ $(,)?) => {
        $crate::components::table::Row::new(vec![$(leptos::prelude::IntoAny::into_any($cell)),+])
    };
}

/// A table with up to four columns keeps its form on narrower screens than one with more.
#[component]
pub fn Table(caption: String, columns: Vec<Column>, rows: Vec<Row>) -> AnyView {
    let class = if columns.len() < 5 { "table slim" } else { "table" };
    let head = columns
        .iter()
        .map(|column| {
            let label = if column.is_actions() {
                view! { <span class="visually-hidden">{column.label}</span> }.into_any()
            } else {
                column.label.into_any()
            };
            view! {
                <th role="columnheader" scope="col" class=column.class>
                    {label}
                </th>
            }
        })
        .collect_view();
    let body = rows
        .into_iter()
        .map(|row| {
            let mut cells = row.cells.into_iter().zip(&columns);
            let name = cells.next().map(|(cell, _)| {
                view! {
                    <th role="rowheader" scope="row">
                        <div>{cell}</div>
                    </th>
                }
            });
            let others = cells
                .map(|(cell, column)| {
                    let label = (!column.is_actions()).then_some(column.label);
                    view! {
                        <td role="cell" class=column.class data-label=label>
                            <div>{cell}</div>
                        </td>
                    }
                })
                .collect_view();
            view! {
                <tr role="row" class=row.selected.then_some("selected")>
                    {name}
                    {others}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class=class>
            <table role="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">{head}</tr>
                </thead>
                <tbody role="rowgroup">{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_carry_their_columns_and_are_escaped() {
        let columns = vec![Column::text("Key"), Column::number("Calls"), Column::ACTIONS];
        let rows = vec![cells!["<b>nightly</b>".to_owned(), "1,318", ()].selected(true)];
        let html = view! { <Table caption="Keys".to_owned() columns=columns rows=rows/> }.to_html();
        assert!(html.contains(r#"<div class="table slim">"#), "{html}");
        assert!(html.contains(r#"<tr role="row" class="selected">"#), "{html}");
        assert!(html.contains("<div>&lt;b&gt;nightly&lt;/b&gt;</div>"), "{html}");
        assert!(html.contains(r#"<td role="cell" data-label="Calls" class="num"><div>1,318</div></td>"#), "{html}");
        assert!(html.contains(r#"<td role="cell" class="actions"><div>"#), "{html}");
    }
}
