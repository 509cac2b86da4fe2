scope-activations-end = { $count ->
    [one] 1 aktivering slutter med det samme.
   *[other] { $count } aktiveringer slutter med det samme.
}
scope-assignments-end = { $count ->
    [one] 1 tildeling slutter med det samme.
   *[other] { $count } tildelinger slutter med det samme.
}
scope-the-places-that-you-look = De steder, du tager dig af eller må se. Det, der haves på et sted, gælder overalt under det.
scope-nothing-here = Intet her.
scope-you-have-no-role-at = Du har ingen rolle på noget sted.
scope-move = Flyt { $name }
scope-what-is-held-at-it = Det, der haves på det, består. Det, der haves over det, gælder eller gælder ikke længere, alt efter hvor det så ligger.
scope-there-is-nowhere-else = Der er intet andet sted.
scope-you-may-put-it-only = Du må kun lægge det, hvor du tager dig af begge steder.
scope-where-to = Hvorhen
scope-show-what-that-does = Vis, hvad det gør
scope-if-it-lies-in = Hvis det ligger i { $to }
scope-nobody-gains-or-loses-anything = Ingen vinder eller mister noget.
scope-the-same-people-hold-the = De samme personer har de samme roller over det.
scope-these-count-here-from-then = Disse gælder her fra da af
scope-who-gains = Hvem der vinder
scope-these-no-longer-count-here = Disse gælder ikke længere her
scope-who-loses = Hvem der mister
scope-move-it-there = Flyt det dertil
scope-in-it = I det
scope-it-stays-on-record-and = Det består i historikken, og ingen har noget der længere. Det kan ikke fortrydes.
scope-these-go-with-it = Disse følger med
scope-these-lose-their-roles-there = Disse mister deres roller der
scope-who-loses-what = Hvem der mister hvad
scope-move-again = Flyt
scope-assign-a-role-here = Tildel en rolle her
scope-filter = Filtrér
scope-nothing-lies-in-it = Der ligger intet i det.
scope-folders-hold-systems-systems-hold = Mapper rummer systemer, systemer rummer ressourcer; roller kan haves på hver af dem.
scope-who-has-roles-here = Hvem der har roller her
scope-nobody-at-this-very-place = Ingen på netop dette sted.
scope-roles-held-above-count-here = Roller, der haves ovenfor, gælder også her; de står nedenfor.
scope-held-above-and-counting-here = Haves ovenfor og gælder her
scope-who-has-roles-above-that = Hvem der har roller ovenfor, som gælder her
scope-add-something-in-it = Tilføj noget i det
scope-what-it-is-for = Hvad det er til { $it }
scope-organisation = Organisation
scope-folder = Mappe
scope-system = System
scope-resource = Ressource
scope-choose-a-folder-a-system = Vælg en mappe, et system eller en ressource.
scope-another-administrator-who-gains-nothing = { $why } En anden administrator, som ikke vinder noget ved det, skal først være enig.
scope-choose-where-it-shall-lie = Vælg, hvor det skal ligge.
