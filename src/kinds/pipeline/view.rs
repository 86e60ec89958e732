//! `VIEW`. Source: <https://docs.snowflake.com/en/sql-reference/sql/create-view>,
//! <https://docs.snowflake.com/en/sql-reference/sql/alter-view>.
//!
//! ALTER VIEW can't change the query nor the columns: another view takes the place of the old one, with its grants
//! (COPY GRANTS). What is not copied is declared again in the same statement, so that no row is shown that a policy of
//! the spec hides. Streams on the view become stale: then it waits for approval.

use super::{
    attach::{Attachments, ColumnsNow, Said},
    definition::{self, Definition},
    names::Directory,
    object::{Create, Kind, Listing, Object, There, Update, Wanted, changed, created, fields, name, text},
    queries::Reads,
};
use crate::{
    api::pipeline::{Listed, PipelineSpec, text::Comment, views::View},
    engine::fault::Fault,
    plan::{
        Change, Property, Release, Risk, Target,
        property::{Lens, assignments},
    },
    snowflake::{
        Statement,
        catalog::{By, Show},
    },
    values::{full_name::FullName, ident::Ident, user_sql::UserSql},
};

// ---- rows

pub(super) const KIND: Kind = Kind {
    word: "VIEW",
    show: Show { words: "SHOW VIEWS", kind: "VIEW", by: By::Path },
    depth: 3,
    holds: None,
    names: |spec, directory| directory.add_all(&KIND, &spec.views, |_| None),
    wanted,
    least: |name| {
        Statement::new("CREATE VIEW").of_kind("VIEW").full_name(name).keyword("AS SELECT 1 AS PROBE")
    },
    drop: |name| Statement::new("DROP VIEW").of_kind("VIEW").full_name(name),
};

type Row = Property<View>;

pub(super) const ROWS: &[Row] = &[
    Row::column(
        "changeTracking",
        "CHANGE_TRACKING",
        "change_tracking",
        &Lens { get: |s: &View| s.change_tracking, set: |s: &mut View, v| s.change_tracking = Some(v) },
    )
    .release(Release::Leave),
    Row::column(
        "comment",
        "COMMENT",
        "comment",
        &Lens {
            get: |s: &View| s.comment().map(str::to_owned),
            set: |s: &mut View, v: String| s.comment = Some(Comment(v)),
        },
    ),
];

// ---- names

fn wanted<'a>(spec: &'a PipelineSpec, directory: &Directory) -> Vec<Listing<'a>> {
    let of = |spec: &'a View| {
        let path = ["views.", &spec.name].concat();
        let wanted = directory.full_name(KIND.depth, &path, spec).and_then(|full| {
            let object = ViewObject::read(spec, full.clone(), directory, &path)?;
            let needs = object.needs.clone();
            Ok(Wanted::new(&KIND, full, object).needing(needs))
        });
        Listing { path, wanted }
    };
    spec.views.iter().map(of).collect()
}

struct ViewObject<'a> {
    spec: &'a View,
    name: FullName,
    query: UserSql,
    columns: Vec<Column<'a>>,
    attachments: Attachments,
    needs: Vec<Target>,
}

struct Column<'a> {
    name: Ident,
    comment: Option<&'a str>,
}

impl Column<'_> {
    fn path(&self) -> String {
        format!("columns.{}.comment", self.name.to_spec())
    }
}

impl<'a> ViewObject<'a> {
    fn read(spec: &'a View, full: FullName, directory: &Directory, path: &str) -> Result<Self, Fault> {
        let query = definition::sql(&spec.query, path)?;
        let mut columns = vec![];
        for column in &spec.columns {
            let own = name(format_args!("{path}.columns.{}", column.name), &column.name)?;
            columns.push(Column { name: own, comment: column.comment.as_deref() });
        }
        let masks =
            spec.columns.iter().filter_map(|column| Some((&column.name, column.masking_policy.as_ref()?)));
        let said = Said {
            row_access: spec.row_access_policy.as_ref(),
            masks: masks.collect(),
            tags: &spec.tags,
            // Without a list they are those of the query.
            has: &|name| columns.is_empty() || columns.iter().any(|column| column.name == *name),
        };
        let attachments = Attachments::read(&KIND, &full, directory, path, &said)?;
        let needs = attachments.needs.clone();
        Ok(Self { spec, name: full, query, columns, attachments, needs })
    }

    fn has_columns(&self, there: &There<'_>) -> bool {
        !there.ignores("columns") && (!self.columns.is_empty() || there.entry.managed.contains("columns"))
    }

    /// The list of columns stands in the text of the view alone.
    fn compare_columns(&self, is: &Definition, there: &There<'_>, risk: Risk) -> Vec<Change> {
        let managed = &there.entry.managed;
        if !self.has_columns(there) {
            return vec![];
        }
        let list = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
        let from = list(is.columns.iter().map(|(name, _)| name.to_spec()).collect());
        let to = list(self.columns.iter().map(|column| column.name.to_spec()).collect());
        if from != to {
            return vec![changed("columns", from.as_deref(), to.as_deref(), risk)];
        }
        let comments = self.columns.iter().zip(&is.columns).filter_map(|(column, (_, is))| {
            let released = column.comment.is_none() && !managed.contains(&column.path());
            let alike = is.as_deref().unwrap_or_default() == column.comment.unwrap_or_default();
            (!released && !alike).then(|| changed(column.path(), is.as_deref(), column.comment, risk))
        });
        comments.collect()
    }
}

impl Object for ViewObject<'_> {
    // ---- create

    fn create(&self, how: Create) -> Statement {
        let words = match (how, self.spec.secure == Some(true)) {
            (Create::Plain, false) => "CREATE VIEW",
            (Create::Plain, true) => "CREATE SECURE VIEW",
            (Create::Replace, false) => "CREATE OR REPLACE VIEW",
            (Create::Replace, true) => "CREATE OR REPLACE SECURE VIEW",
        };
        let mut statement = Statement::new(words).of_kind(KIND.word).full_name(&self.name);
        if !self.columns.is_empty() {
            statement = statement.list(&self.columns, |statement, column| {
                let statement = self.attachments.on_column(statement.ident(&column.name), &column.name);
                statement.with(column.comment, |s, text| s.keyword("COMMENT").literal(text))
            });
        }
        statement = self.attachments.on_object(statement);
        if how == Create::Replace {
            statement = statement.keyword("COPY GRANTS");
        }
        assignments(statement, ROWS, self.spec).keyword("AS").sql(&self.query)
    }
    fn fields(&self) -> Vec<Change> {
        let names: Vec<_> = self.columns.iter().map(|column| column.name.to_spec()).collect();
        let mut all = vec![created("query", text(self.query.as_str()))];
        all.extend((!names.is_empty()).then(|| created("columns", text(names.join(", ")))));
        all.extend(
            self.columns.iter().filter_map(|column| Some(created(column.path(), text(column.comment?)))),
        );
        all.extend(self.spec.secure.map(|on| created("secure", text(on.to_string()))));
        all.extend(fields(ROWS, self.spec));
        all.extend(self.attachments.fields());
        all
    }
    fn attachments(&self) -> Option<&Attachments> {
        Some(&self.attachments)
    }

    fn reads(&self) -> Reads<'_> {
        Reads::Query(&self.query)
    }

    // ---- compare

    fn compare(&self, there: &There<'_>) -> Result<Update, Fault> {
        let alter = || Statement::new("ALTER VIEW").of_kind(KIND.word).full_name(&self.name);
        let mut update = Update::of_rows(ROWS, self.spec, &alter, there)?;
        definition::secure(self.spec.secure, &alter, there, &mut update);
        update.managed.insert("query");
        if !self.columns.is_empty() {
            update.managed.insert("columns");
        }
        let commented = self.columns.iter().filter(|column| column.comment.is_some());
        update.managed.extend(commented.map(Column::path));
        let present = self.columns.iter().map(|column| column.name.clone()).collect();
        let columns = ColumnsNow { present, ..ColumnsNow::default() };
        self.attachments.compare(there, &columns, &mut update);
        if !self.has_columns(there) && definition::is_plainly(&self.query, there) {
            return Ok(update);
        }
        let is = definition::kept(there)?;
        let risk = definition::risk_of_replacing(&self.name, there);
        let mut changes: Vec<Change> =
            definition::query(&is.query, &self.query, there, || risk).into_iter().collect();
        changes.extend(self.compare_columns(&is, there, risk));
        update.replaced(changes, || self.create(Create::Replace));
        Ok(update)
    }
}
