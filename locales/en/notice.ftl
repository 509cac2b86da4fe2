# Mails and messages.

notice-footer = Latchkey sent this. Nothing happens by opening a link. Times are in the zone { $zone }; how you are told is on your account page under Notices.

# Labels of facts, of what people wrote, and of links.
notice-requester = Who
notice-holder = Who
notice-role = Role
notice-scope = Where
notice-duration = For
notice-from = From
notice-until = Until
notice-ended-at = Ended
notice-ticket = Ticket
notice-reason = Reason
notice-reason-given = Reason given
notice-because = Why
notice-decide-by = Decide by
notice-granted = Approved for
notice-by = By
notice-author = Who
notice-what = What
notice-decided-by = Decided by
notice-at = When
notice-address = From the address
notice-places-below = Places below that follow
notice-what-changed = What changed
notice-assignments = Assignments
notice-without-end = without end
notice-open = Look at it
notice-open-request = Open the request
notice-open-change = Open the change
notice-open-audit = Open the audit trail
notice-open-account = Open your account
notice-extend = Extend it
notice-ask-more-time = Ask for more time
notice-ask-again-link = Ask for it again
notice-choose = Choose how you are told

# Requests.
notice-approval-subject = Approve? { $requester }: { $role }, { $duration }
notice-approval-subject-ticket = Approve? { $requester }: { $role }, { $duration } — { $ticket }
notice-approval = { $requester } asks for { $role } at { $scope } for { $duration }.
notice-extension-subject = Approve more time? { $requester }: { $role }, { $duration }
notice-extension-subject-ticket = Approve more time? { $requester }: { $role }, { $duration } — { $ticket }
notice-extension = { $requester } asks to keep { $role } at { $scope } for { $duration } more.
notice-reminder-subject = Still waiting: { $requester }: { $role }, { $duration }
notice-reminder-subject-ticket = Still waiting: { $requester }: { $role }, { $duration } — { $ticket }
notice-reminder = { $requester } still waits for { $role } at { $scope } for { $duration }.
notice-decide = Open the request to approve it, to approve it for less time, or to deny it.
notice-approved-subject = Approved: { $role } at { $scope }, { $duration }
notice-approved = { $approver } approved your request for { $role } at { $scope }, for { $duration }.
notice-denied-subject = Denied: { $role } at { $scope }
notice-denied = { $approver } denied your request for { $role } at { $scope }.
notice-usable-until = It is usable now, until { $end }.
notice-starts-at = It starts at { $start }.
notice-handled-approved-subject = Handled by { $approver }: { $requester }, { $role } – approved
notice-handled-approved = { $approver } approved the request of { $requester } for { $role } at { $scope }, for { $duration }.
notice-handled-denied-subject = Handled by { $approver }: { $requester }, { $role } – denied
notice-handled-denied = { $approver } denied the request of { $requester } for { $role } at { $scope }.
notice-nothing-left = Nothing is left for you to do.
notice-failed-subject = Not activated: { $role } at { $scope }, { $requester }
notice-failed = { $role } at { $scope } was not activated for { $requester }: the facts have changed since it was asked for.
notice-lapsed-subject = Nobody decided in time: { $role } at { $scope }
notice-lapsed = Nobody decided your request for { $role } at { $scope } in time, so it has lapsed.
notice-lapsed-other-subject = Nobody decided in time: { $requester }, { $role } at { $scope }
notice-lapsed-other = Nobody decided the request of { $requester } for { $role } at { $scope } in time, so it has lapsed.
notice-ask-again = If you still need it, ask again.

# Access for a while.
notice-usable-subject = Usable now: { $role } at { $scope }, until { $end }
notice-usable = { $role } at { $scope } is usable now, until { $end }.
notice-end-it-early = If you are done earlier, end it on the page of the request.
notice-activated-subject = Activated: { $requester }, { $role } at { $scope }, { $duration }
notice-activated-subject-ticket = Activated: { $requester }, { $role } at { $scope }, { $duration } — { $ticket }
notice-activated = { $requester } activated { $role } at { $scope } for { $duration }.
notice-ending-soon-subject = 5 minutes left: { $role } at { $scope }
notice-ending-soon = { $role } at { $scope } ends in five minutes, at { $end }. If you still need it, extend it now.
notice-ended-own-subject = Ended: { $role } at { $scope }
notice-ended-subject = Ended: { $holder }, { $role } at { $scope }
notice-ended-own = Your access to { $role } at { $scope } has ended: its time is up.
notice-ended = The access of { $holder } to { $role } at { $scope } has ended: its time is up.
notice-ended-eligibility = The access of { $holder } to { $role } at { $scope } has ended, because the eligibility that it rested on has ended.
notice-ended-by-own = { $by } ended your access to { $role } at { $scope }.
notice-ended-by = { $by } ended the access of { $holder } to { $role } at { $scope }.
notice-ended-ticket-own = Your access to { $role } at { $scope } has ended, because its ticket was closed.
notice-ended-ticket = The access of { $holder } to { $role } at { $scope } has ended, because its ticket was closed.
notice-ended-ticket-again = If you need more time, activate it again with a ticket that is open.
notice-emergency-subject = Emergency: { $requester }, { $role } at { $scope }, { $duration }
notice-emergency = { $requester } took { $role } at { $scope } for { $duration } in an emergency, without approval.
notice-emergency-own = You took { $role } at { $scope } for { $duration } in an emergency, without approval.
notice-emergency-review = Look at what is happening. Afterwards somebody else must review it.
notice-emergency-reviewed = Everybody who would have approved it has been told, and somebody else will review it.

# Assignments.
notice-eligible-own-subject = You can activate: { $role } at { $scope }
notice-eligible-own = { $by } made you eligible for { $role } at { $scope }: activate it when you need it.
notice-active-own-subject = You hold: { $role } at { $scope }
notice-active-own = { $by } assigned you { $role } at { $scope }: you hold it without activating it.
notice-eligible-subject = Eligible: { $holder }, { $role } at { $scope }
notice-eligible = { $by } made { $holder } eligible for { $role } at { $scope }.
notice-active-subject = Assigned: { $holder }, { $role } at { $scope }
notice-active = { $by } assigned { $holder } { $role } at { $scope }, to hold without activation.
notice-changed-own-subject = New dates: { $role } at { $scope }
notice-changed-own = { $by } gave your assignment of { $role } at { $scope } other dates.
notice-changed-subject = New dates: { $holder }, { $role } at { $scope }
notice-changed = { $by } gave the assignment of { $role } at { $scope } to { $holder } other dates.
notice-removed-own-subject = Taken away: { $role } at { $scope }
notice-removed-own = { $by } took your assignment of { $role } at { $scope } away.
notice-removed-subject = Taken away: { $holder }, { $role } at { $scope }
notice-removed = { $by } took the assignment of { $role } at { $scope } away from { $holder }.
notice-ends-two-weeks-own-subject = Ends in 14 days: { $role } at { $scope }
notice-ends-a-day-own-subject = Ends in a day: { $role } at { $scope }
notice-ended-assignment-own-subject = Has ended: { $role } at { $scope }
notice-ends-eligible-own = You can activate { $role } at { $scope } until { $end }, and no longer. If you need it for longer, ask for more time.
notice-ends-active-own = You hold { $role } at { $scope } until { $end }, and no longer. If you need it for longer, ask for more time.
notice-ended-assignment-own = Your assignment of { $role } at { $scope } ended at { $end }. If you still need it, ask for it again within 30 days.
notice-ends-two-weeks-subject = Ends in 14 days: { $holder }, { $role } at { $scope }
notice-ends-two-weeks-many-subject = { $count } assignments end in 14 days
notice-ends-a-day-subject = Ends in a day: { $holder }, { $role } at { $scope }
notice-ends-a-day-many-subject = { $count } assignments end in a day
notice-ended-assignment-subject = Has ended: { $holder }, { $role } at { $scope }
notice-ended-assignment-many-subject = { $count } assignments have ended
notice-ends = { $count ->
    [one] 1 assignment ends soon. Whoever still needs it can ask for more time, or you give it.
   *[other] { $count } assignments end soon. Whoever still needs them can ask for more time, or you give it.
}
notice-ended-assignments = { $count ->
    [one] 1 assignment has ended.
   *[other] { $count } assignments have ended.
}
notice-ends-line-eligible = { $holder }: { $role } at { $scope } (eligible), { $end }
notice-ends-line-active = { $holder }: { $role } at { $scope } (active), { $end }
notice-and-more = { $count ->
    [one] and 1 more
   *[other] and { $count } more
}
notice-conversion-started-subject = Try your eligibility: { $role } at { $scope }
notice-conversion-started = { $by } wants { $role } at { $scope } to be there only when it is needed. From now on you can activate it, and you still hold it as before.
notice-conversion-try = Try to activate it, as you would when you need it. A try gives nothing and takes nothing; it shows whether it works. After that your standing access can end.
notice-conversion-tried-subject = Tried and works: { $holder }, { $role } at { $scope }
notice-conversion-tried = { $by } tried to activate { $role } at { $scope }, and it works. The standing access goes on until an administrator ends it.
notice-conversion-finished-subject = Activate it when you need it: { $role } at { $scope }
notice-conversion-finished = { $by } ended your standing access to { $role } at { $scope }. Activate it when you need it.
notice-conversion-abandoned-subject = Stays as it was: { $role } at { $scope }
notice-conversion-abandoned = { $by } left your access to { $role } at { $scope } as it was: you hold it without activating it.

# Changes that need a second word, and terms.
notice-change-settings = weaker settings of { $role }
notice-change-assign-eligible = { $role } for { $subject }, eligible
notice-change-assign-active = { $role } for { $subject }, active
notice-change-dates = other dates for { $role } of { $subject }
notice-change-to-eligible = { $role } of { $subject } as eligible
notice-change-to-active = { $role } of { $subject } as active
notice-change-place = another place for { $scope }
notice-change-role = a change of the role { $role }
notice-change-more-time = more time with { $role }
notice-change-again = { $role } again
notice-change-policy = policy files
notice-change-wanted-subject = Your word? { $author }: { $what }
notice-change-wanted = { $author } asks for { $what }. It takes effect only if somebody else agrees.
notice-change-decide = Look at what would change, and decide.
notice-change-done-subject = Carried out: { $what }
notice-change-done = What { $author } asked for was carried out: { $what }.
notice-change-declined-subject = Declined: { $what }
notice-change-declined = What { $author } asked for was declined: { $what }.
notice-change-failed-subject = Could not be carried out: { $what }
notice-change-failed = What { $author } asked for could not be carried out: { $what }.
notice-change-lapsed-subject = Nobody decided in time: { $what }
notice-change-lapsed = Nobody decided in time what { $author } asked for: { $what }.
notice-change-withdrawn-subject = Taken back: { $what }
notice-change-withdrawn = { $author } took back what was asked for: { $what }.
notice-settings-subject = Settings changed: { $role } at { $scope }, by { $by }
notice-settings-put-back-subject = Weakened and put back: { $role } at { $scope }, by { $by }
notice-settings-put-back = They had been made weaker less than a day before, and are stricter again. Find out what that was for.
notice-settings-weak-since = Weaker since
notice-settings-begun = Activations that began meanwhile
notice-settings-weaker-subject = Weaker settings: { $role } at { $scope }, by { $by }
notice-settings = { $by } changed the settings of { $role } at { $scope }.
notice-setting = { $field }: { $before } → { $after }

# Accounts.
notice-break-glass-subject = Break-glass sign-in: { $account }
notice-break-glass = The break-glass account { $account } signed in.
notice-break-glass-find-out = If you do not know why, find out now.
notice-credential-subject = Your sign-in was changed
notice-credential-not-you = If it was not you, tell an administrator now: they can end your sessions and give you a new start.
notice-credential-set-up = Your account was set up through a one-time link.
notice-credential-password = Your password was changed.
notice-credential-authenticator = A new authenticator app was set up for your account.
notice-credential-codes = New recovery codes were made for your account. The old ones no longer work.
notice-credential-deputy = Somebody was named who decides for you while you are away: { $name }.
notice-credential-token = A new token was made for your account: { $name }.

# Summaries.
notice-week-subject = Your week: { $people ->
    [one] 1 person activated roles
   *[other] { $people } people activated roles
}, { $permanent } made permanent
notice-week = What happened within a week: { $scope }.
notice-week-figures = In figures
notice-week-people = { $people ->
    [one] 1 person
   *[other] { $people } people
} activated roles, { $activations ->
    [one] once
   *[other] { $activations } times
}
notice-week-permanent = { $count } given a role without end, to hold without activation
notice-week-active = { $count } given a role to hold for a while without activation
notice-week-eligible = { $count } made eligible
notice-week-top = Roles with the most standing and eligible holders
notice-week-role = { $role }: { $count }
notice-week-settings = Settings that changed
notice-week-changed = { $role } at { $scope }, by { $by }
notice-week-unused = Eligible, and not used for 90 days
notice-week-unused-line = { $holder }: { $role } at { $scope }
notice-week-more = and { $count } more
notice-day-subject = { $waiting } waiting for you, { $news } more to know
notice-day-waiting-subject = { $waiting ->
    [one] 1 request waits for you
   *[other] { $waiting } requests wait for you
}
notice-day-news-subject = Your summary: { $news } to know
notice-day = Your summary of the day.
notice-day-waiting = Waiting for your decision
notice-day-waiting-line = { $author }: { $what } at { $scope }, until { $end }
notice-day-news = To know

# Pages: who is told of what.
notices-topic-requests = Requests
notices-topic-activations = Access for a while
notices-topic-assignments = Assignments
notices-topic-changes = Settings and changes
notices-approval-wanted = A request waits for a decision
notices-approval-reminder = A request still waits
notices-decided = A request was decided
notices-handled = Somebody else dealt with it
notices-failed = Access could not begin
notices-lapsed = Nobody decided in time
notices-activated = Access has begun
notices-ending-soon = Five minutes are left
notices-ended = Access has ended
notices-emergency-used = Access was taken in an emergency
notices-assigned-eligible = Somebody was made eligible
notices-assigned-active = Somebody was assigned it actively
notices-assignment-changed = An assignment got other dates
notices-assignment-removed = An assignment was taken away
notices-ends-in-two-weeks = An assignment ends in 14 days
notices-ends-in-a-day = An assignment ends in a day
notices-assignment-ended = An assignment has ended
notices-conversion = Standing access becomes eligibility
notices-more-time-wanted = Somebody asks for more time
notices-more-time-decided = More time was decided
notices-settings-changed = Settings changed
notices-change-wanted = A change waits for a second word
notices-change-decided = A change was decided
notices-break-glass-sign-in = A break-glass account signed in
notices-credentials-changed = Your sign-in was changed
notices-requester = whoever asked
notices-holder = the holder
notices-author = whoever wanted it
notices-approvers = approvers
notices-deciders = whoever may decide
notices-administrators = administrators
notices-shipped-on = As shipped: told
notices-shipped-off = As shipped: not told
notices-on = Told
notices-eligible = Told, and who is eligible to be one
notices-urgent = Told if it asks for an act
notices-urgent-eligible = Told if it asks for an act, and who is eligible to be one
notices-off = Not told
notices-inside-on = told
notices-inside-off = not told
notices-inside-urgent = only what asks for an act
notices-inside-eligible = and who is eligible to be one
notices-tells-one = tells whoever it is about
notices-tells = { $people ->
    [0] tells nobody
    [one] tells 1 person
   *[other] tells { $people } people
}
notices-there-are = { $people ->
    [0] nobody there is
    [one] 1 person
   *[other] { $people } people
}
notices-in-summary = { $people ->
    [one] 1 of them in the daily summary
   *[other] { $people } of them in the daily summary
}
notices-and-addresses = { $addresses ->
    [one] and 1 more address
   *[other] and { $addresses } more addresses
}
notices-as-shipped = as shipped
notices-asks = asks for an act
notices-always = always told
notices-title = Notices
notices-help = Who is told of what about this role. What asks somebody to decide goes to those alone who may.
notices-what = What
notices-told = Told
notices-others = Also to
notices-others-of = Also to, of: { $what }, { $who }
notices-changed = { $count ->
    [one] 1 differs from what ships
   *[other] { $count } differ from what ships
}
notices-mine-title = Notices
notices-mine-help = What asks something of you always comes at once. The rest comes as you like.
notices-mine-occasions = What comes when
notices-mine-occasions-help = Times are in { $zone }.
notices-at-once = At once
notices-daily = In the daily summary
notices-never = Not at all
notices-quiet = Quiet hours
notices-quiet-help = What asks nothing of you waits until they end. Leave both empty for none.
notices-quiet-from = From
notices-quiet-to = To
notices-quiet-form = Such as 20:00.
notices-summaries = Summaries
notices-summaries-help = Sent by mail, on the organisation’s clock.
notices-summary-daily = The summary of the day, when requests wait for me
notices-summary-weekly = The summary of the week, where I administer
notices-save = Save
notices-back = Your account
notices-account-row = How you are told
notices-account-sub = At once, once a day, or not; and quiet hours
notices-account-link = Choose
notices-both-fault = Write both, or leave both empty.

# Deliveries.
notice-undelivered-subject = Notices do not reach { $about }
notice-undelivered = A notice could not be delivered to { $about }.
notice-undelivered-look = What waits, what was given up and why is on this page, where it can be sent again. You are told of this once a day.
notice-test-subject = A test from Latchkey
notice-test = Mail from Latchkey reaches you. You asked for this test at { $at }.
notice-review-by = Review it by
notice-emergency-reviewed-subject = Reviewed by { $reviewer }: your emergency use of { $role } at { $scope }
notice-emergency-justified = { $reviewer } reviewed your emergency use of { $role } at { $scope }, and found that it was an emergency.
notice-emergency-not-justified = { $reviewer } reviewed your emergency use of { $role } at { $scope }, and found that it should have waited for its approval.
notice-emergency-overdue-subject = Overdue review: { $requester }, { $role } at { $scope }
notice-emergency-overdue = { $requester } took { $role } at { $scope } in an emergency, and nobody has reviewed it in time.
notice-commented-subject = { $by } wrote about your request: { $role } at { $scope }
notice-commented = { $by } wrote about your request for { $role } at { $scope }.
notice-commented-own-subject = { $requester } wrote about their request: { $role } at { $scope }
notice-commented-own = { $requester } wrote about their request for { $role } at { $scope }.
notice-they-wrote = They wrote
notice-answer-on-its-page = Answer on the page of the request.
notice-silence-subject = Nobody answered, so approved: { $requester }, { $role } at { $scope }, { $duration }
notice-silence = Nobody decided the request of { $requester } for { $role } at { $scope } in time, and the terms of the role take that for a yes.
notice-silence-settings = If that should not be, ask for a decision in the settings of the role.
notice-agreed-subject = { $approver } agreed, others still have to: { $role } at { $scope }
notice-agreed = { $approver } agreed to your request for { $role } at { $scope }. Others still have to agree.
notice-deputy-subject = You stand in for { $by }
notice-deputy = { $by } is away and has named you: you can decide whatever waits for { $by } meanwhile.
notice-deputy-own = Your own requests are never yours to decide.
notice-open-approvals = What waits for you
notice-unreachable-subject = Nobody can approve: { $role } at { $scope }
notice-unreachable = The terms of { $role } at { $scope } ask for an approval that nobody can give any more: whoever asks waits in vain.
notice-unreachable-settings = Name approvers in its settings.
notice-open-settings = The settings of the role
notices-agreed = Somebody agreed, and others still have to
notices-commented = Somebody wrote about a request
notices-passed-in-silence = Silence was taken for a yes
notices-emergency-reviewed = Somebody reviewed an emergency
notices-emergency-overdue = An emergency was not reviewed in time
notices-approval-unreachable = Nobody can approve any more
notices-deputy-named = You are to decide for somebody who is away
notice-quarantine-subject = The database was put back: nobody can activate anything
notice-quarantine = The database does not hold what was written down outside of it. It was put back to an earlier state, or something in it was removed. Nothing that was activated is in force, and nobody activates anything.
notice-witnessed-at = Last written down
notice-quarantine-what-now = Find out who did it. Then somebody signs in with an emergency account and begins a new epoch.
notice-taken-back-subject = Taken back: { $requester }, { $role } at { $scope }
notice-taken-back = { $by } took back the request of { $requester } for { $role } at { $scope }.
notice-taken-back-own = { $requester } took back their request for { $role } at { $scope }.
notices-taken-back = A request was taken back
