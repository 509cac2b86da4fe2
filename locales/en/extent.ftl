extent-what-can-do-at-most = What { $name } can do at most
extent-every-role-at-every-place = Every role at every place that they hold or could come to hold, by the steps that take least. A role counts at its place and below.
extent-what-it-takes = What it takes
extent-there-is-no-role-that = There is no role that this person could come to hold like that.
extent-steps = Steps
extent-by-themself = By themself
extent-nobody-else-is-asked = Nobody else is asked.
extent-with-an-approval = With an approval
extent-somebody-else-has-to-approve = Somebody else has to approve first.
extent-only-if-somebody-else-gives = Only if somebody else gives it
extent-within-their-reach-as-an = Within their reach as an administrator or owner. Latchkey lets nobody give it to themself.
extent-with-approval = with approval
extent-directly = Directly
extent-through = Through { $groups }
extent-may-become = May become { $role }
extent-later = { $role_name } later
extent-through-of = , through { $groups }
extent-at-and-below = at { $path } and below
extent-held-now = Held now
extent-all = All
extent-held = Held
extent-alone = Alone
extent-given-by-others = Given by others
extent-roles-wherever = { $roles ->
    [one] 1 role { $wherever }
   *[other] { $roles } roles { $wherever }
}
extent-everywhere = everywhere
