//! Numbers as people read them.

/// `48334` as "48,334".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 key", "2,000 keys".
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `part` of `whole` as "1.84 %"; whole numbers from 10 on, and "0 %" of nothing.
pub fn percent(part: u64, whole: u64) -> String {
    format!("{} %", share(part, whole))
}

/// [`percent`] without its sign.
pub fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0".to_owned();
    }
    let share = part as f64 * 100.0 / whole as f64;
    if share >= 10.0 {
        format!("{share:.0}")
    } else if share < 0.01 {
        "under 0.01".to_owned()
    } else {
        format!("{share:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// "812 B", "4.1 KiB", "5.7 MiB".
pub fn bytes(number: u64) -> String {
    let (value, unit) = match number {
        0..1_024 => return format!("{number} B"),
        1_024..1_048_576 => (number as f64 / 1_024.0, "KiB"),
        _ => (number as f64 / 1_048_576.0, "MiB"),
    };
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(48_334), "48,334");
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn shares_say_as_much_as_is_known() {
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(percent(5, 0), "0 %");
        assert_eq!(percent(184, 10_000), "1.84 %");
        assert_eq!(percent(1, 20), "5 %");
        assert_eq!(percent(78, 100), "78 %");
        assert_eq!(percent(1, 1_000_000), "under 0.01 %");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(4_200), "4.1 KiB");
        assert_eq!(bytes(5_976_884), "5.7 MiB");
    }
}
