//! Files, folders and standard input, as texts.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::problem::Problem;

/// The largest file that is read: some hundred thousand warehouses.
const MAX_BYTES: u64 = 64 << 20;
const STDIN: &str = "standard input";

/// A text and the name it is known by.
pub(super) struct Source {
    pub name: String,
    pub text: String,
}

/// Reads every path: files as they are, of folders the files `.yaml`, `.yml` and `.json` in the order of their names,
/// `-` from standard input. A file that is named twice is read once.
pub(super) fn gather(paths: &[PathBuf], recursive: bool, stdin: impl Read) -> (Vec<Source>, Vec<Problem>) {
    let (mut sources, mut problems, mut seen) = (vec![], vec![], BTreeSet::new());
    let mut stdin = Some(stdin);
    for path in paths {
        if path.as_os_str() == "-" {
            if let Some(stdin) = stdin.take() {
                keep(STDIN, text(STDIN, stdin), &mut sources, &mut problems);
            }
            continue;
        }
        let name = path.display().to_string();
        let files = match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => {
                let mut files = vec![];
                if let Err(error) = walk(path, recursive, &mut files) {
                    problems.push(Problem::file(&name, format!("the folder can't be read: {error}")));
                }
                if files.is_empty() {
                    let nothing = Problem::file(&name, "the folder has no file .yaml, .yml or .json");
                    let deeper = "to read the folders inside it, too, add -R";
                    problems.push(if recursive { nothing } else { nothing.help(deeper) });
                }
                files
            }
            Ok(_) => vec![path.clone()],
            Err(error) => {
                problems.push(unreadable(path, &error));
                continue;
            }
        };
        for file in files {
            if seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
                let name = file.display().to_string();
                let read = fs::File::open(&file)
                    .map_err(|e| Box::new(unreadable(&file, &e)))
                    .and_then(|f| text(&name, f));
                keep(&name, read, &mut sources, &mut problems);
            }
        }
    }
    (sources, problems)
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let name = path.display().to_string();
    let problem = Problem::file(&name, format!("can't be read: {error}"));
    if name.starts_with("http://") || name.starts_with("https://") {
        return problem.help("only files, folders and - are read: curl -fsS … | snowfence plan -f -");
    }
    problem
}

fn keep(
    name: &str,
    read: Result<String, Box<Problem>>,
    sources: &mut Vec<Source>,
    problems: &mut Vec<Problem>,
) {
    match read {
        Ok(text) => sources.push(Source { name: name.to_owned(), text }),
        Err(problem) => problems.push(*problem),
    }
}

/// Hidden folders are passed over: version control, and the real folders behind a mounted ConfigMap's links.
fn walk(folder: &Path, recursive: bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if recursive && !entry.file_name().as_encoded_bytes().starts_with(b".") {
                walk(&path, recursive, files)?;
            }
        } else if is_manifest(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_manifest(path: &Path) -> bool {
    let known = ["yaml", "yml", "json"];
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ext| known.iter().any(|k| ext.eq_ignore_ascii_case(k)))
}

fn text(name: &str, reader: impl Read) -> Result<String, Box<Problem>> {
    let mut bytes = vec![];
    let read = reader.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    let bad = |message: &str, help: &str| Err(Box::new(Problem::file(name, message).help(help)));
    read.map_err(|error| Box::new(Problem::file(name, format!("can't be read: {error}"))))?;
    if bytes.len() as u64 > MAX_BYTES {
        return bad(&format!("is larger than {} MiB", MAX_BYTES >> 20), "split it");
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return bad("is UTF-16", "save it as UTF-8");
    }
    if bytes.contains(&0) {
        return bad("is no text: it has NUL bytes", "give a file of YAML or JSON");
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|b| *b == b'\n').count();
        Box::new(Problem { line, ..Problem::file(name, "is not UTF-8").help("save it as UTF-8") })
    })?;
    // A mark of byte order says nothing in UTF-8.
    Ok(text.strip_prefix('\u{feff}').map(ToOwned::to_owned).unwrap_or(text))
}

/// One document of a text: its first line, from 1, and what stands there.
pub(super) struct Document<'a> {
    pub line: usize,
    pub text: &'a str,
}

/// The documents of a text that hold more than comments. YAML forbids `---` and `...` at the beginning of a line for
/// anything but the border of a document, so a broken one does not hide the next.
pub(super) fn documents(text: &str) -> Vec<Document<'_>> {
    let mut documents = vec![];
    let (mut start, mut first, mut at, mut directives) = (0, 1, 0, false);
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let marker = line.trim_end();
        let begins = marker == "---" || line.starts_with("--- ") || line.starts_with("---\t");
        if begins && !directives {
            documents.push(Document { line: first, text: &text[start..at] });
            (start, first) = (at, n + 1);
        }
        // What a directive announces belongs to it.
        directives =
            if begins { false } else { directives || (line.starts_with('%') && is_empty(&text[start..at])) };
        at += line.len();
        if marker == "..." || line.starts_with("... ") {
            documents.push(Document { line: first, text: &text[start..at] });
            (start, first) = (at, n + 2);
        }
    }
    documents.push(Document { line: first, text: &text[start..] });
    documents.retain(|document| !is_empty(document.text));
    documents
}

/// Nothing but comments, blanks and borders.
fn is_empty(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        let line = line.strip_prefix("---").map_or(line, str::trim_start);
        line.is_empty() || line.starts_with('#') || line == "..."
    })
}
