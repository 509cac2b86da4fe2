scope-the-places-that-you-look = The places that you look after or may look at. What is held at one counts everywhere below it.
scope-nothing-here = Nothing here.
scope-you-have-no-role-at = You have no role at any place.
scope-move = Move { $name }
scope-what-is-held-at-it = What is held at it stays. What is held above it counts, or no longer counts, by where it lies then.
scope-there-is-nowhere-else = There is nowhere else.
scope-you-may-put-it-only = You may put it only where you look after both places.
scope-where-to = Where to
scope-show-what-that-does = Show what that does
scope-if-it-lies-in = If it lies in { $to }
scope-nobody-gains-or-loses-anything = Nobody gains or loses anything.
scope-the-same-people-hold-the = The same people hold the same roles above it.
scope-these-count-here-from-then = These count here from then on
scope-who-gains = Who gains
scope-these-no-longer-count-here = These no longer count here
scope-who-loses = Who loses
scope-move-it-there = Move it there
scope-in-it = In it
scope-it-stays-on-record-and = It stays on record, and nobody holds anything there any more. That cannot be taken back.
scope-these-go-with-it = These go with it
scope-these-lose-their-roles-there = These lose their roles there
scope-who-loses-what = Who loses what
scope-move-again = Move
scope-assign-a-role-here = Assign a role here
scope-filter = Filter
scope-nothing-lies-in-it = Nothing lies in it.
scope-folders-hold-systems-systems-hold = Folders hold systems, systems hold resources; roles are held at any of them.
scope-who-has-roles-here = Who has roles here
scope-nobody-at-this-very-place = Nobody, at this very place.
scope-roles-held-above-count-here = Roles held above count here as well; they are listed below.
scope-held-above-and-counting-here = Held above, and counting here
scope-who-has-roles-above-that = Who has roles above that count here
scope-add-something-in-it = Add something in it
scope-what-it-is-for = What it is for { $it }
scope-organisation = Organisation
scope-folder = Folder
scope-system = System
scope-resource = Resource
scope-choose-a-folder-a-system = Choose a folder, a system or a resource.
scope-another-administrator-who-gains-nothing = { $why } Another administrator, who gains nothing by it, has to agree first.
scope-choose-where-it-shall-lie = Choose where it shall lie.
scope-activations-end = { $count ->
    [one] 1 activation ends at once.
   *[other] { $count } activations end at once.
}
scope-assignments-end = { $count ->
    [one] 1 assignment ends at once.
   *[other] { $count } assignments end at once.
}
