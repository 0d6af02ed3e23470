//! Which combinations of true and false are tried.

/// Rows of answers, one for each question.
pub(super) struct Combinations {
    pub(super) rows: Vec<Vec<bool>>,
    pub(super) complete: bool,
}

/// All combinations when they are few. Otherwise: none, all, each one alone, and rows in which every two questions get all four pairs of answers.
pub(super) fn combinations(questions: usize, limit: usize) -> Combinations {
    let all = u32::try_from(questions).ok().and_then(|bits| 1_usize.checked_shl(bits)).filter(|all| *all <= limit);
    if let Some(all) = all {
        let rows = (0..all).map(|row| (0..questions).map(|nth| row >> nth & 1 == 1).collect()).collect();
        return Combinations { rows, complete: true };
    }
    let mut rows = vec![vec![false; questions], vec![true; questions]];
    if questions <= limit {
        rows.extend((0..questions).map(|one| (0..questions).map(|nth| nth == one).collect::<Vec<_>>()));
    }
    rows.extend(pairs(questions));
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| seen.insert(row.clone()));
    Combinations { rows, complete: false }
}

/// Each question is true in its own half of the rows: two different halves of one size meet in all ways but (false, false), which is another row.
fn pairs(questions: usize) -> Vec<Vec<bool>> {
    let mut len = 2_u32;
    while halves(len).take(questions).count() < questions {
        len += 1;
    }
    let columns: Vec<u64> = halves(len).take(questions).collect();
    (0..len).map(|row| columns.iter().map(|column| column >> row & 1 == 1).collect()).collect()
}

/// The sets of more than half of `len` rows, smallest size that overlaps.
fn halves(len: u32) -> impl Iterator<Item = u64> {
    (0..1_u64 << len).filter(move |set| set.count_ones() == len / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_questions_get_all_four_pairs() {
        for questions in [7, 12, 40] {
            let combinations = combinations(questions, 64);
            assert!(!combinations.complete && combinations.rows.len() < questions + 14, "{}", combinations.rows.len());
            for one in 0..questions {
                for other in 0..one {
                    for wanted in [(false, false), (false, true), (true, false), (true, true)] {
                        assert!(combinations.rows.iter().any(|row| (row[one], row[other]) == wanted));
                    }
                }
            }
        }
    }

    #[test]
    fn few_questions_are_answered_in_all_ways() {
        assert_eq!(combinations(0, 1).rows, [vec![]]);
        assert_eq!(combinations(6, 64).rows.len(), 64);
        assert!(combinations(6, 64).complete);
    }
}
