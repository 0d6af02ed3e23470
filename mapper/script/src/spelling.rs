//! Names as Rust spells them.

/// A full id with its last part as Rust spells names (`users.findByName` as `users.find_by_name`); none where that is the same, and for the query of
/// a `<selectKey>`.
#[must_use]
pub fn snake_case(id: &str) -> Option<String> {
    let (namespace, name) = id.rsplit_once('.').filter(|(_, name)| !name.contains('!'))?;
    let mut snake = format!("{namespace}.");
    let mut before = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|b: char| {
                b.is_lowercase()
                    || b.is_numeric()
                    || b.is_uppercase() && letters.peek().is_some_and(|n| n.is_lowercase())
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = Some(letter);
    }
    (snake != id).then_some(snake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_where_capitals_do() {
        for (id, snake) in [
            ("u.findByName", Some("u.find_by_name")),
            ("com.x.UserMapper.selectByPrimaryKey", Some("com.x.UserMapper.select_by_primary_key")),
            ("u.findURL", Some("u.find_url")),
            ("u.findURLOf2Users", Some("u.find_url_of2_users")),
            ("u.Find", Some("u.find")),
            ("u.find_by_name", None),
            ("u.find", None),
            ("u.insertUser!selectKey", None),
        ] {
            assert_eq!(snake_case(id).as_deref(), snake, "{id}");
        }
    }
}
