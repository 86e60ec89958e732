//! Answers.
#[cfg(test)]
mod tests;
