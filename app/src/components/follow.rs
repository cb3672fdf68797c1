//! Parts of a page that follow what was chosen in another, without script: an example goes with the chosen status, media
//! type and variant. A radio button bears the class of its [`Lead`], what follows bears the class of the same number, and
//! the stylesheet has a rule for each number (`style/follow.css`).

/// As many as the stylesheet has rules for.
const LEADS: u32 = 40;

/// The number of one choice on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lead(u32);

impl Lead {
    /// Class of the radio button.
    pub fn chosen(self) -> String {
        format!("lead-{}", self.0)
    }
    /// Classes of what is shown while it is chosen.
    pub fn follower(self) -> String {
        format!("when when-{}", self.0)
    }
}

/// Hands the numbers of one page out.
#[derive(Debug, Default)]
pub struct Leads(u32);

impl Leads {
    /// All of one choice or none: where a choice led only in part, nothing would be shown for the rest of it.
    pub fn take(&mut self, count: usize) -> Option<Vec<Lead>> {
        let next = self.0.checked_add(u32::try_from(count).ok()?).filter(|next| *next <= LEADS && count > 0)?;
        let taken = (self.0 + 1..=next).map(Lead).collect();
        self.0 = next;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_leads_whole_or_not_at_all() {
        let mut leads = Leads::default();
        assert_eq!(leads.take(2).unwrap()[1].follower(), "when when-2");
        assert_eq!((leads.take(39), leads.take(0)), (None, None));
        assert_eq!(leads.take(38).unwrap()[37].chosen(), "lead-40");
    }

    #[test]
    fn the_stylesheet_has_a_rule_for_each() {
        let style = include_str!("../../../style/follow.css");
        for n in 1..=LEADS {
            assert!(style.contains(&format!(".lead-{n}:checked) ~ .pane .when-{n},")), "{n}");
        }
    }
}
