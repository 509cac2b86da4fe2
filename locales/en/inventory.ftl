inventory-conversions = Conversions
inventory-from-standing-access-to-eligibility = From standing access to eligibility: beside it, tried, and then the standing access ends.
inventory-which-conversions = Which conversions
inventory-under-way = Under way
inventory-nothing-is-under-way = Nothing is under way.
inventory-choose-rows-on-the-page = Choose rows on the page Standing access to begin.
inventory-nothing-is-over-yet = Nothing is over yet.
inventory-what-is-finished-or-given = What is finished or given up stays here.
inventory-finish = Finish
inventory-the-standing-access-ends-now = The standing access ends now. The eligibility stays.
inventory-end-the-standing-access = End the standing access
inventory-give-up = Give up
inventory-the-standing-access-stays-an = The standing access stays. An eligibility that was made for this goes.
inventory-leave-it-standing = Leave it standing
inventory-imports = Imports
inventory-rows = Rows
inventory-which-rows = Which rows
inventory-no-such-row = No such row.
inventory-look-at-the-others = Look at the others.
inventory-line = Line
inventory-it-says = It says
inventory-note = Note
inventory-say-which-column-is-what = { $rows }. Say which column is what, look at the preview, then import.
inventory-throw-away = Throw away
inventory-the-file-is-no-longer = The file is no longer kept, and nothing is imported.
inventory-throw-the-file-away = Throw the file away
inventory-1-columns = 1. Columns
inventory-the-first-rows = The first rows
inventory-the-first-rows-of-the = The first rows of the file
inventory-for-rows-that-do-not = For rows that do not say
inventory-what-is-not-there-yet = What is not there yet
inventory-make-missing-roles = Make missing roles
inventory-they-say-that-they-were = They say that they were imported. They are not privileged unless you say so below.
inventory-privileged-among-the-missing-roles = Privileged among the missing roles
inventory-make-missing-places-as-systems = Make missing places as systems under
inventory-people-are-never-made-here = People are never made here: invite them first.
inventory-what-the-terms-do-not = What the terms do not allow
inventory-let-rows-that-last-too = Let rows that last too long end as late as the role’s terms allow
inventory-without-this-such-rows-cant = Without this, such rows can’t be imported.
inventory-show-what-would-come-of = Show what would come of it
inventory-2-preview = 2. Preview
inventory-end-by-the-terms = End by the terms
inventory-of-them-end-as-late = { $shortened } of them end as late as their role’s terms allow, sooner than the file says.
inventory-new-roles = New roles
inventory-new-places = New places
inventory-nobody-by-that-name = Nobody by that name
inventory-rows-that-cant-be-imported = Rows that can’t be imported
inventory-what-is-wrong = What is wrong
inventory-and-more = And { $more_bad } more.
inventory-what-would-be-made = What would be made
inventory-sooner-than-the-file-says = sooner than the file says
inventory-and-more-of = And { $more } more.
inventory-3-import = 3. Import
inventory-import-the-good-rows-leave = Import the good rows, leave out
inventory-the-bad-one = the bad one
inventory-these = these { $bad }
inventory-without-this-nothing-is-imported = Without this, nothing is imported while there is a bad row.
inventory-the-terms-of-these-roles = The terms of these roles ask for it.
inventory-import-a-file = Import a file
inventory-nothing-is-changed-before-you = Nothing is changed before you have seen what would come of it.
inventory-file = File
inventory-csv-with-a-line-of = CSV with a line of column names, an array of JSON objects, or JSON Lines. At most 10 MiB and 50000 rows. Columns may be called whatever they are called.
inventory-or-paste-it-here = Or paste it here { $it }
inventory-go-on-to-the-columns = Go on to the columns
inventory-bring-in-who-holds-what = Bring in who holds what today, from a file. Every import is kept.
inventory-nothing-was-imported-yet = Nothing was imported yet.
inventory-export-todays-assignments-as-csv = Export today’s assignments as CSV or JSON from where they are, and import that file.
inventory-what-came-of-it = What came of it
inventory-what-is-held-all-the = What is held all the time, worst first. Turn it into eligibility, so that it is there only while it is needed.
inventory-progress = Progress
inventory-standing-privileged = Standing, privileged
inventory-standing-other = Standing, other
inventory-at-most = at most { $top }
inventory-the-numbers = The numbers
inventory-the-numbers-day-by-day = The numbers, day by day
inventory-day = Day
inventory-activations-the-day-before = Activations the day before
inventory-which-standing-access = Which standing access
inventory-people-and-groups = People and groups
inventory-applications = Applications { $it }
inventory-emergency-accounts = Emergency accounts { $it }
inventory-of-privileged-roles-of-others = { $counts } of privileged roles, { $counts_2 } of others.
inventory-an-application-can-activate-nothing = An application can activate nothing. Remove what it does not need; there is nothing to convert.
inventory-these-accounts-are-kept-for = These accounts are kept for emergencies: they are meant to hold their roles all the time.
inventory-which-roles = Which roles
inventory-clear-the-filter-to-see = Clear the filter to see all standing access.
inventory-nothing-is-held-all-the = Nothing is held all the time.
inventory-that-is-as-it-should = That is as it should be: whoever needs a role activates it.
inventory-last-here = Last here:
inventory-never = never
inventory-until = Until { $it }
inventory-on-its-way-to-eligible = On its way to eligible
inventory-score = Score
inventory-turn-what-is-chosen-into = Turn what is chosen into eligibility
inventory-each-gets-an-eligible-assignment = Each gets an eligible assignment beside the standing one, and a mail that asks them to try it. Nobody loses anything before you finish.
inventory-activated-when-needed-from-now = Activated when needed from now on
inventory-add-a-code = Add a code
inventory-code-from-your-authenticator-app = Code from your authenticator app { $it }
inventory-needed-if-the-terms-of = Needed if the terms of one of these roles ask for one.
inventory-make-them-eligible-beside-it = Make them eligible beside it
inventory-try = Try { $role }
inventory-as-you-would-activate-it = As you would activate it. A try gives nothing and takes nothing.
inventory-what-you-would-write-when = What you would write when you need it
inventory-the-role-asks-for-it = The role asks for it, so that the try is a real one.
inventory-try-it = Try it
inventory-standing-access-to-privileged-roles = Standing access to privileged roles went from { $standing_privileged } to { $standing_privileged_2 }, to other roles from { $standing_other } to { $standing_other_2 }, eligible assignments from { $eligible } to { $eligible_2 }.
inventory-eligible-beside-it-by = Eligible beside it, by { $started_by_name }
inventory-tried-by-and-it-works = Tried by { $by }, and it works
inventory-waits-for-its-holder-to = Waits for its holder to try it
inventory-not-tried = Not tried
inventory-standing-access-ended-by = Standing access ended by { $by }
inventory-given-up-by = Given up by { $by }
inventory-the-standing-access-has-ended = The standing access has ended in another way
inventory-the-standing-access-can-end = The standing access can end
inventory-the-standing-access-ends = The standing access ends
inventory-choose-at-least-one-row = Choose at least one row.
inventory-this-was-tried-already-and = This was tried already, and it works.
inventory-this-is-done-activate-the = This is done: activate the role when you need it.
inventory-this-was-given-up-you = This was given up: you hold the role as before.
inventory-your-standing-access-has-ended = Your standing access has ended: activate the role when you need it.
inventory-at-most-of = At most { $maximum }. { $how_to_write }
inventory-made = Made
inventory-there-already = There already
inventory-left-out = Left out
inventory-handed-in = Handed in
inventory-closed = Closed
inventory-from = { $label } from
inventory-dont-make-places = Don’t make places
inventory-choose-a-column = Choose a column
inventory-no-column = No column
inventory-draft = Draft
inventory-thrown-away = Thrown away
inventory-there-already-of = { $already } there already
inventory-pasted-list = pasted list
inventory-choose-a-file-or-paste = Choose a file, or paste its text.
inventory-the-same-file-was-imported = The same file was imported with the same mapping by { $by_name }, { $when }.
inventory-close-the-import = Close the import
inventory-more-than = more than { $most_counted }
inventory-anywhere = Anywhere
inventory-all-roles = All roles
inventory-others = Others
inventory-with-or-without-end = With or without end
inventory-permanent = Permanent
inventory-rows-counted = { $rows ->
    [one] 1 row
   *[other] { $rows } rows
}
inventory-assignments-made = { $made ->
    [one] 1 assignment made
   *[other] { $made } assignments made
}
inventory-count-left-out = { $count } left out
inventory-count-shortened = { $count } ended by the terms
inventory-count-new-roles = { $count } new roles
inventory-count-new-places = { $count } new places
inventory-would-be-made = { $make ->
    [one] 1 assignment would be made.
   *[other] { $make } assignments would be made.
}
inventory-rows-there-already = { $already ->
    [one] 1 row is there already.
   *[other] { $already } rows are there already.
}
inventory-rows-bad = { $bad ->
    [0] No row is bad.
    [one] 1 row can’t be imported.
   *[other] { $bad } rows can’t be imported.
}
inventory-import-assignments = { $make ->
    [one] Import 1 assignment
   *[other] Import { $make } assignments
}
inventory-field-principal = Who
inventory-field-role = Role
inventory-field-scope = Where
inventory-field-kind = Eligible or active
inventory-field-starts-at = From
inventory-field-ends-at = Until
inventory-field-justification = Why
inventory-imported-from-this-file = Imported from this file
