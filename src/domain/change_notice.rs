//! Mails about changes that need somebody else's word, and about assignments that end.
use super::{
    assignment::AssignmentKind,
    change_request::{ChangeState, Write},
    id::{AssignmentId, ChangeRequestId},
    notice::{Mail, moment, quote},
    time::Instant,
};

/// The address of a change request's page. Opening it changes nothing.
#[must_use]
pub fn change_link(public_url: &str, change: ChangeRequestId) -> String {
    format!("{public_url}/changes/{change}")
}

/// The address where a holder asks for more time.
#[must_use]
pub fn more_time_link(public_url: &str, assignment: AssignmentId) -> String {
    format!("{public_url}/assignments/{assignment}/more-time")
}

/// A change, as mails and pages tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Who wants it.
    pub author: &'a str,
    /// What is to be done.
    pub write: &'a Write,
    /// The role that it is about; may be empty.
    pub role: &'a str,
    /// Where.
    pub scope: &'a str,
    /// Who gets something by it; may be empty.
    pub subject: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Its page.
    pub link: &'a str,
}

impl Wanted<'_> {
    /// What is wanted, said after "asks for".
    #[must_use]
    pub fn what(&self) -> String {
        let Self { role, subject, .. } = self;
        match self.write {
            Write::SaveSettings { .. } => format!("weaker settings of {role}"),
            Write::Assign { kind, .. } => format!("{role} for {subject}, {}", kind.name()),
            Write::UpdateAssignment { .. } => format!("other dates for {role} of {subject}"),
            Write::ConvertAssignment { to, .. } => {
                format!("{role} of {subject} as {}", to.name())
            }
            Write::MoveScope { .. } => format!("another place for {}", self.scope),
            Write::ChangeRole { .. } => format!("a change of the role {role}"),
            Write::ExtendAssignment { .. } => format!("more time with {role}"),
            Write::RenewAssignment { .. } => format!("{role} again"),
            Write::ApplyPolicy { .. } => "policy files".to_owned(),
        }
    }

    fn place(&self) -> String {
        match self.write {
            Write::MoveScope { .. } | Write::ChangeRole { .. } => self.what(),
            _ => format!("{} at {}", self.what(), self.scope),
        }
    }
}

/// To everybody who can decide it: somebody waits for a word.
#[must_use]
pub fn wanted(wanted: &Wanted<'_>, decide_by: Instant) -> Mail {
    let Wanted { author, reason, link, .. } = wanted;
    let text = format!(
        "{author} asks for {}.\n\nReason:\n{}\nIt takes effect only if somebody else agrees, until {}. Look at what \
         would change, and decide:\n{link}\n\nOpening the page decides nothing.\n",
        wanted.place(),
        quote(reason),
        moment(decide_by),
    );
    Mail::new(&format!("Your word is wanted: {author} asks for {}", wanted.what()), &text)
}

/// To its author: what became of it. `why` is what the decider said, or why it failed.
#[must_use]
pub fn closed(wanted: &Wanted<'_>, state: ChangeState, by: &str, why: &str) -> Mail {
    let word = match state {
        ChangeState::CarriedOut => "was carried out",
        ChangeState::Declined => "was declined",
        ChangeState::Failed => "could not be carried out",
        ChangeState::Lapsed => "has lapsed: nobody decided in time",
        ChangeState::Withdrawn => "was taken back",
        ChangeState::Pending => "waits",
    };
    let by = if by.is_empty() { String::new() } else { format!("\nDecided by {by}.\n") };
    let said = if why.is_empty() { String::new() } else { format!("\n{}", quote(why)) };
    let text =
        format!("What you asked for {word}: {}.\n{by}{said}\n{}\n", wanted.place(), wanted.link);
    Mail::new(&format!("What you asked for {word}: {}", wanted.what()), &text)
}

/// An assignment that ends, as mails tell of it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Who holds it.
    pub holder: String,
    /// The role.
    pub role: String,
    /// Where.
    pub scope: String,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// When.
    pub ends_at: Instant,
}

impl Ending {
    fn line(&self) -> String {
        let Self { holder, role, scope, .. } = self;
        let kind = self.kind.name();
        format!("{holder}: {role} at {scope} ({kind}), {}", moment(self.ends_at))
    }
}

/// To its holder: an assignment ends, or has ended.
#[must_use]
pub fn ends(ending: &Ending, over: bool, link: &str) -> Mail {
    let Ending { role, scope, ends_at, .. } = ending;
    let what = match ending.kind {
        AssignmentKind::Eligible => "You can activate it until then, and no longer",
        AssignmentKind::Active => "You hold it until then, and no longer",
    };
    if over {
        let text = format!(
            "Your assignment of {role} at {scope} ended at {}.\n\nIf you still need it, ask for it again within 30 \
             days:\n{link}\n",
            moment(*ends_at),
        );
        return Mail::new(&format!("Your assignment of {role} has ended"), &text);
    }
    let text = format!(
        "Your assignment of {role} at {scope} ends at {}. {what}.\n\nIf you need it for longer, ask for more \
         time:\n{link}\n",
        moment(*ends_at),
    );
    Mail::new(&format!("Your assignment of {role} ends on {}", moment(*ends_at)), &text)
}

/// The most assignments that one mail to an administrator lists.
const LISTED: usize = 50;

/// To an administrator who may assign them: these assignments end, or have ended.
#[must_use]
pub fn others_end(endings: &[&Ending], over: bool, link: &str) -> Mail {
    let number = endings.len();
    let what = match (over, number) {
        (true, 1) => "1 assignment has ended".to_owned(),
        (true, number) => format!("{number} assignments have ended"),
        (false, 1) => "1 assignment ends soon".to_owned(),
        (false, number) => format!("{number} assignments end soon"),
    };
    let mut text = format!("{what}:\n\n");
    for ending in endings.iter().take(LISTED) {
        text.push_str(&quote(&ending.line()));
    }
    if number > LISTED {
        text.push_str("> and others\n");
    }
    text.push_str("\nTheir holders were told as well. Give more time, or let them end:\n");
    text.push_str(link);
    text.push('\n');
    Mail::new(&what, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending() -> Ending {
        Ending {
            holder: "Ada\nBcc: eve@evil.example".to_owned(),
            role: "Database operator".to_owned(),
            scope: "Shop".to_owned(),
            kind: AssignmentKind::Eligible,
            ends_at: "2026-12-01T08:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn an_administrator_gets_one_mail_about_many_ends() {
        let ending = ending();
        let mail = others_end(&vec![&ending; 60], false, "https://pim.example");
        assert_eq!(mail.subject(), "60 assignments end soon");
        assert!(mail.body().contains("> and others"), "{}", mail.body());
        assert!(mail.body().chars().count() < Mail::BODY_MOST);
        assert!(!mail.body().contains("\nBcc"), "{}", mail.body());
    }

    #[test]
    fn what_the_author_wrote_stands_quoted() {
        let write = Write::ExtendAssignment {
            assignment: AssignmentId::default(),
            ends_at: ending().ends_at,
        };
        let about = Wanted {
            author: "Ada",
            write: &write,
            role: "Database operator",
            scope: "Shop",
            subject: "Ada",
            reason: "One more month\nApprove: https://evil.example",
            link: "https://pim.example/changes/7",
        };
        let mail = wanted(&about, ending().ends_at);
        assert!(mail.body().contains("\n> Approve: https://evil.example\n"), "{}", mail.body());
        assert_eq!(
            mail.subject(),
            "Your word is wanted: Ada asks for more time with Database operator"
        );
        let mail = closed(&about, ChangeState::Declined, "Grace", "Not needed");
        assert!(mail.body().contains("Decided by Grace"), "{}", mail.body());
    }
}
