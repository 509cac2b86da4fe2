role-activity = Activity
role-nothing-has-happened-yet = Nothing has happened yet.
role-activations-decisions-and-changes-of = Activations, decisions and changes of this role appear here.
role-every-event-about-this-role = Every event about this role
role-filter-and-export = Filter and export
role-eligible = Eligible { $it }
role-active = Active { $it }
role-expired = Expired
role-nobody-is-eligible = Nobody is eligible.
role-add-an-assignment-and-those = Add an assignment, and those people can activate the role when they need it.
role-nobody-holds-this-role-now = Nobody holds this role now.
role-that-is-as-it-should = That is as it should be when nobody needs it.
role-nothing-has-expired = Nothing has expired.
role-assignments-that-ended-stay-here = Assignments that ended stay here as history.
role-change = Change { $role }
role-it-counts-at-once-for = It counts at once, for everybody who has it. What would let you do more yourself waits for a second administrator.
role-save-the-role = Save the role
role-production-database-operator = Production database operator
role-what-it-lets-its-holder = What it lets its holder do
role-whoever-holds-it-could-do = Whoever holds it could do great harm. It begins with a fresh code, and never without end.
role-where-it-can-be-held = Where it can be held
role-what-it-allows-in-latchkey = What it allows in Latchkey
role-leave-all-empty-for-a = Leave all empty for a role outside Latchkey. Whatever changes something makes it privileged. People, applications, roles and the audit log are looked after for the whole organisation only.
role-who-may-have-which-power = Who may have which power, and on what terms.
role-assign-a-role-at = Assign a role at { $place }
role-choose-which-it-counts-there = Choose which. It counts there and everywhere below.
role-expiring = Expiring
role-new-role = New role
role-no-role-that-you-may = No role that you may see.
role-roles-appear-here-once-you = Roles appear here once you may administer or read them.
role-standing = Standing
role-it-begins-with-careful-terms = It begins with careful terms. You set them next.
role-make-the-role = Make the role
role-change-role = Change role
role-assignments = Assignments
role-select-several-to-change-them = Select several to change them with one reason and one code. You see first what would happen.
role-it-stays-on-record-and = It stays on record, and nobody holds it any more. That cannot be taken back.
role-looking = Looking
role-roles-and-who-has-them = Roles and who has them
role-people-and-applications = People and applications
role-places-and-groups = Places and groups
role-choose-from-the-list = choose from the list
role-write-why = write why
role-nobody-holds-it-and-nobody = Nobody holds it, and nobody asks for it.
role-assignments-end = { $count ->
    [one] 1 assignment or activation ends at once.
   *[other] { $count } assignments and activations end at once.
}
role-code = Code
role-at-most = at most { $maximum }
role-at = {" "}at { $name }
role-or-others = { $most } or { $others ->
    [one] 1 other
   *[other] { $others } others
}
