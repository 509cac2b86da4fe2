//! What is told of changes that need a second word, and of terms that changed.
use crate::{
    App,
    domain::{
        change_notice::{self, Wanted},
        change_request::{ChangeState, Write},
        id::{PrincipalId, RoleId, ScopeId},
        notice::{
            change::{self, NewTerms},
            occasion::{Audience, Occasion},
        },
        survivability::Approval,
    },
    error::Error,
    service::{
        channel,
        notice::{News, author, tell},
    },
    store::{self, Change, change_request::Told},
};

/// A change request as mails tell of it.
fn wanted<'a>(told: &'a Told, link: &'a str) -> Wanted<'a> {
    Wanted {
        author: &told.author_name,
        write: &told.write.0,
        role: told.role_name.as_deref().unwrap_or_default(),
        scope: &told.scope_name,
        subject: told.subject_name.as_deref().unwrap_or_default(),
        reason: &told.reason,
        link,
    }
}

/// Whether somebody asks for more time with what they hold, rather than for a change.
fn is_more_time(write: &Write) -> bool {
    matches!(write, Write::ExtendAssignment { .. } | Write::RenewAssignment { .. })
}

fn place(told: &Told) -> Option<(RoleId, ScopeId)> {
    told.role.map(|role| (role, told.scope))
}

async fn deciders(change: &mut Change, told: &Told) -> Result<Vec<PrincipalId>, Error> {
    let at = change.at();
    let deciders = store::change_request::deciders(change.connection(), told.id, at).await?;
    Ok(deciders.into_iter().map(|decider| decider.principal).collect())
}

/// To everybody who could give it: somebody waits for a word.
pub(in crate::service) async fn change_wanted(
    app: &App,
    change: &mut Change,
    told: &Told,
) -> Result<(), Error> {
    let link = change_notice::change_link(&app.public_url, told.id);
    channel::change_request(app, change, told, &wanted(told, &link), ChangeState::Pending).await?;
    let more_time = is_more_time(&told.write.0);
    let to = [(Audience::Approvers, deciders(change, told).await?)];
    let news = News {
        occasion: if more_time { Occasion::MoreTimeWanted } else { Occasion::ChangeWanted },
        place: place(told),
        thread: Some(told.id.0),
        author: Some(told.author_person),
        pressing: false,
        alone: false,
        to: &to,
        letter: &|_| change::wanted(&wanted(told, &link), told.expires_at),
        link: &link,
    };
    tell(app, change, &news).await
}

/// To its author: what became of it. To the others who could have decided: nothing is left to do.
pub(in crate::service) async fn change_closed(
    app: &App,
    change: &mut Change,
    told: &Told,
    state: ChangeState,
    (by, why): (&str, &str),
) -> Result<(), Error> {
    let link = change_notice::change_link(&app.public_url, told.id);
    channel::change_request(app, change, told, &wanted(told, &link), state).await?;
    let more_time = is_more_time(&told.write.0);
    let to = [
        (Audience::Requester, vec![told.author]),
        (Audience::Approvers, deciders(change, told).await?),
    ];
    let news = News {
        occasion: if more_time { Occasion::MoreTimeDecided } else { Occasion::ChangeDecided },
        place: place(told),
        thread: Some(told.id.0),
        author: author(change),
        pressing: false,
        alone: false,
        to: &to,
        letter: &|audience| change::closed(&wanted(told, &link), state, (by, why), audience),
        link: &link,
    };
    tell(app, change, &news).await
}

/// To administrators: the terms of a role changed.
pub(in crate::service) async fn settings_changed(
    app: &App,
    change: &mut Change,
    (role, scope): (RoleId, ScopeId),
    terms: &NewTerms<'_>,
) -> Result<(), Error> {
    channel::settings_changed(app, change, (role, scope), terms.reason).await?;
    let news = News {
        occasion: Occasion::SettingsChanged,
        place: Some((role, scope)),
        thread: None,
        author: author(change),
        // Whoever administers a role looks at terms that ask for less.
        pressing: terms.weaker || terms.put_back.is_some(),
        alone: false,
        to: &[],
        letter: &|_| change::settings_changed(terms),
        link: terms.link,
    };
    tell(app, change, &news).await
}

/// To administrators: nobody can give the approval any more that these terms ask for.
pub(in crate::service) async fn approval_unreachable(
    app: &App,
    change: &mut Change,
    terms: &Approval,
) -> Result<(), Error> {
    let link = format!("{}/roles/{}/settings?scope={}", app.public_url, terms.role, terms.scope);
    channel::approval_unreachable(app, change, terms, &link).await?;
    let news = News {
        occasion: Occasion::ApprovalUnreachable,
        place: Some((terms.role, terms.scope)),
        thread: None,
        author: None,
        pressing: false,
        alone: false,
        to: &[],
        letter: &|_| change::approval_unreachable(&terms.role_name, &terms.scope_name, &link),
        link: &link,
    };
    tell(app, change, &news).await
}
