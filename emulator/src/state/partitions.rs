//! A result in partitions: the first travels with the answer, the others are fetched, each as gzip.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

/// The cells of some rows, as the SQL API writes them.
#[derive(Debug)]
pub(crate) struct Cells {
    pub(crate) rows: Vec<Vec<Option<String>>>,
    nullable: bool,
}

impl Serialize for Cells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            list.serialize_element(&Row { cells: row, nullable: self.nullable })?;
        }
        list.end()
    }
}

struct Row<'a> {
    cells: &'a [Option<String>],
    nullable: bool,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.cells.len()))?;
        for cell in self.cells {
            match cell {
                None if !self.nullable => list.serialize_element("null")?,
                cell => list.serialize_element(cell)?,
            }
        }
        list.end()
    }
}

/// What `partitionInfo` says of one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    row_count: usize,
    uncompressed_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    compressed_size: Option<usize>,
}

/// A whole result.
#[derive(Debug)]
pub(crate) struct Partitions {
    pub(crate) first: Cells,
    /// Each the gzip of `{"data": …}`.
    rest: Vec<Vec<u8>>,
    pub(crate) info: Vec<Info>,
    pub(crate) total: usize,
}

impl Partitions {
    /// Splits rows so that a partition holds about `largest` bytes of JSON, but a row at least.
    pub(crate) fn split(rows: Vec<Vec<Option<String>>>, largest: usize, nullable: bool) -> Self {
        let total = rows.len();
        let mut parts: Vec<(Vec<Vec<Option<String>>>, usize)> = vec![(Vec::new(), 2)];
        for row in rows {
            let size =
                row.iter().map(|cell| cell.as_ref().map_or(5, |text| text.len() + 3)).sum::<usize>() + 3;
            if let Some((part, bytes)) = parts.last_mut()
                && (part.is_empty() || *bytes + size <= largest)
            {
                part.push(row);
                *bytes += size;
                continue;
            }
            parts.push((vec![row], size + 2));
        }
        let mut parts = parts.into_iter();
        let (first, bytes) = parts.next().unwrap_or_default();
        let mut info = vec![Info { row_count: first.len(), uncompressed_size: bytes, compressed_size: None }];
        let mut rest = Vec::new();
        for (rows, bytes) in parts {
            let row_count = rows.len();
            let packed = pack(&Cells { rows, nullable });
            info.push(Info { row_count, uncompressed_size: bytes, compressed_size: Some(packed.len()) });
            rest.push(packed);
        }
        Self { first: Cells { rows: first, nullable }, rest, info, total }
    }

    /// The gzip of a partition beyond the first.
    pub(crate) fn packed(&self, number: usize) -> Option<&[u8]> {
        self.rest.get(number.checked_sub(1)?).map(Vec::as_slice)
    }

    /// All rows, put together again.
    pub(crate) fn rows(&self) -> Cow<'_, [Vec<Option<String>>]> {
        #[derive(Deserialize)]
        struct Data {
            data: Vec<Vec<Option<String>>>,
        }
        if self.rest.is_empty() {
            return Cow::Borrowed(&self.first.rows);
        }
        let mut rows = self.first.rows.clone();
        for packed in &self.rest {
            // What was packed here is read here.
            let read = serde_json::from_reader::<_, Data>(GzDecoder::new(packed.as_slice()));
            rows.extend(read.map(|data| data.data).unwrap_or_default());
        }
        Cow::Owned(rows)
    }

    /// How much it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let first = self.info.first().map_or(0, |info| info.uncompressed_size);
        first + self.rest.iter().map(Vec::len).sum::<usize>()
    }
}

fn pack(cells: &Cells) -> Vec<u8> {
    #[derive(Serialize)]
    struct Data<'a> {
        data: &'a Cells,
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail, and cells always serialise.
    let _ = serde_json::to_writer(&mut gzip, &Data { data: cells });
    let _ = gzip.flush();
    gzip.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<Vec<Option<String>>> {
        (0..count).map(|row| vec![Some(format!("{row:05}")), None]).collect()
    }

    #[test]
    fn nothing_is_lost_between_partitions() {
        let partitions = Partitions::split(rows(1000), 512, true);
        assert!(partitions.info.len() > 2);
        assert_eq!(partitions.info.iter().map(|info| info.row_count).sum::<usize>(), 1000);
        let mut all = partitions.first.rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
        for number in 1..partitions.info.len() {
            let mut text = String::new();
            let packed = partitions.packed(number).unwrap();
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut text).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let part = value["data"].as_array().unwrap();
            all.extend(part.iter().map(|row| row[0].as_str().map(str::to_owned)));
        }
        assert_eq!(all, rows(1000).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>());
        assert!(partitions.packed(0).is_none());
        assert!(partitions.packed(partitions.info.len()).is_none());
    }

    #[test]
    fn no_rows_are_one_empty_partition() {
        let partitions = Partitions::split(vec![], 512, true);
        assert_eq!(partitions.info.len(), 1);
        assert_eq!(serde_json::to_string(&partitions.first).unwrap(), "[]");
    }

    #[test]
    fn a_null_is_text_when_asked() {
        let text =
            |nullable| serde_json::to_string(&Partitions::split(rows(1), 512, nullable).first).unwrap();
        assert_eq!(text(true), r#"[["00000",null]]"#);
        assert_eq!(text(false), r#"[["00000","null"]]"#);
    }
}
