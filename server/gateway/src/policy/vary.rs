//! `Vary`, to which several policies add.
use crate::message::fields::Fields;

/// Says that an answer depends on a field of the request.
pub(crate) fn add(fields: &mut Fields, name: &str) {
    let told = |member: &[u8]| member == b"*" || member.eq_ignore_ascii_case(name.as_bytes());
    if !fields.members("vary").any(told) {
        fields.push("vary", name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_twice() {
        let mut fields = Fields::new();
        fields.push("Vary", "Accept, origin");
        add(&mut fields, "Origin");
        add(&mut fields, "Accept-Encoding");
        assert_eq!(fields.members("vary").collect::<Vec<_>>(), [&b"Accept"[..], b"origin", b"Accept-Encoding"]);
        fields.set("vary", "*");
        add(&mut fields, "Origin");
        assert_eq!(fields.get_all("vary").collect::<Vec<_>>(), [b"*"]);
    }
}
