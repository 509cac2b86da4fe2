extent-roles-wherever = { $roles ->
    [one] 1 rolle { $wherever }
   *[other] { $roles } roller { $wherever }
}
extent-what-can-do-at-most = Hvad { $name } kan i det højeste
extent-every-role-at-every-place = Hver rolle på hvert sted, som de har eller kunne få, ad de trin, der kræver mindst. En rolle gælder på sit sted og derunder.
extent-what-it-takes = Hvad det kræver
extent-there-is-no-role-that = Der er ingen rolle, som denne person kunne få på den måde.
extent-steps = Trin
extent-by-themself = Ved sig selv
extent-nobody-else-is-asked = Ingen anden bliver spurgt.
extent-with-an-approval = Med en godkendelse
extent-somebody-else-has-to-approve = En anden skal først godkende.
extent-only-if-somebody-else-gives = Kun hvis en anden giver det
extent-within-their-reach-as-an = Inden for deres rækkevidde som administrator eller ejer. Latchkey lader ingen give det til sig selv.
extent-with-approval = med godkendelse
extent-directly = Direkte
extent-through = Gennem { $groups }
extent-may-become = Kan blive { $role }
extent-later = { $role_name } senere
extent-through-of = , gennem { $groups }
extent-at-and-below = på { $path } og derunder
extent-held-now = Har nu
extent-all = Alle
extent-held = Har
extent-alone = Alene
extent-given-by-others = Givet af andre
extent-everywhere = overalt
