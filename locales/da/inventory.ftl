inventory-rows-counted = { $rows ->
    [one] 1 række
   *[other] { $rows } rækker
}
inventory-assignments-made = { $made ->
    [one] 1 tildeling oprettet
   *[other] { $made } tildelinger oprettet
}
inventory-would-be-made = { $make ->
    [one] 1 tildeling ville blive oprettet.
   *[other] { $make } tildelinger ville blive oprettet.
}
inventory-rows-there-already = { $already ->
    [one] 1 række findes allerede.
   *[other] { $already } rækker findes allerede.
}
inventory-rows-bad = { $bad ->
    [0] Ingen række er dårlig.
    [one] 1 række kan ikke importeres.
   *[other] { $bad } rækker kan ikke importeres.
}
inventory-import-assignments = { $make ->
    [one] Importér 1 tildeling
   *[other] Importér { $make } tildelinger
}
inventory-conversions = Omdannelser
inventory-from-standing-access-to-eligibility = Fra fast adgang til berettigelse: ved siden af den, prøvet, og så slutter den faste adgang.
inventory-which-conversions = Hvilke omdannelser
inventory-under-way = I gang
inventory-nothing-is-under-way = Intet er i gang.
inventory-choose-rows-on-the-page = Vælg rækker på siden Fast adgang for at begynde.
inventory-nothing-is-over-yet = Intet er ovre endnu.
inventory-what-is-finished-or-given = Det, der er færdigt eller opgivet, bliver her.
inventory-finish = Færdiggør
inventory-the-standing-access-ends-now = Den faste adgang slutter nu. Berettigelsen består.
inventory-end-the-standing-access = Afslut den faste adgang
inventory-give-up = Opgiv
inventory-the-standing-access-stays-an = Den faste adgang består. En berettigelse, der er lavet til dette, forsvinder.
inventory-leave-it-standing = Lad den bestå
inventory-imports = Importer
inventory-rows = Rækker
inventory-which-rows = Hvilke rækker
inventory-no-such-row = Ingen sådan række.
inventory-look-at-the-others = Se på de andre.
inventory-line = Linje
inventory-it-says = Den siger
inventory-note = Bemærkning
inventory-say-which-column-is-what = { $rows }. Angiv, hvilken kolonne der er hvad, se på forhåndsvisningen, og importér så.
inventory-throw-away = Kassér
inventory-the-file-is-no-longer = Filen opbevares ikke længere, og intet importeres.
inventory-throw-the-file-away = Kassér filen
inventory-1-columns = 1. Kolonner
inventory-the-first-rows = De første rækker
inventory-the-first-rows-of-the = Filens første rækker
inventory-for-rows-that-do-not = For rækker, der ikke siger det
inventory-what-is-not-there-yet = Hvad der ikke findes endnu
inventory-make-missing-roles = Opret manglende roller
inventory-they-say-that-they-were = De siger, at de er importeret. De er ikke privilegerede, medmindre du angiver det nedenfor.
inventory-privileged-among-the-missing-roles = Privilegerede blandt de manglende roller
inventory-make-missing-places-as-systems = Opret manglende steder som systemer under
inventory-people-are-never-made-here = Personer oprettes aldrig her: invitér dem først.
inventory-what-the-terms-do-not = Hvad vilkårene ikke tillader
inventory-let-rows-that-last-too = Lad rækker, der varer for længe, slutte så sent, som rollens vilkår tillader
inventory-without-this-such-rows-cant = Uden dette kan sådanne rækker ikke importeres.
inventory-show-what-would-come-of = Vis, hvad der ville komme ud af det
inventory-2-preview = 2. Forhåndsvisning
inventory-end-by-the-terms = Slutter ved vilkårene
inventory-of-them-end-as-late = { $shortened } af dem slutter så sent, som deres rolles vilkår tillader, tidligere end filen siger.
inventory-new-roles = Nye roller
inventory-new-places = Nye steder
inventory-nobody-by-that-name = Ingen af det navn
inventory-rows-that-cant-be-imported = Rækker, der ikke kan importeres
inventory-what-is-wrong = Hvad der er galt
inventory-and-more = Og { $more_bad } mere.
inventory-what-would-be-made = Hvad der ville blive oprettet
inventory-sooner-than-the-file-says = tidligere end filen siger
inventory-and-more-of = Og { $more } mere.
inventory-3-import = 3. Import
inventory-import-the-good-rows-leave = Importér de gode rækker, udelad
inventory-the-bad-one = den dårlige
inventory-these = disse { $bad }
inventory-without-this-nothing-is-imported = Uden dette importeres intet, så længe der er en dårlig række.
inventory-the-terms-of-these-roles = Vilkårene for disse roller kræver det.
inventory-import-a-file = Importér en fil
inventory-nothing-is-changed-before-you = Intet ændres, før du har set, hvad der ville komme ud af det.
inventory-file = Fil
inventory-csv-with-a-line-of = CSV med en linje af kolonnenavne, en liste af JSON-objekter eller JSON Lines. Højst 10 MiB og 50000 rækker. Kolonner må hedde, hvad de hedder.
inventory-or-paste-it-here = Eller indsæt den her { $it }
inventory-go-on-to-the-columns = Fortsæt til kolonnerne
inventory-bring-in-who-holds-what = Hent ind fra en fil, hvem der har hvad i dag. Hver import gemmes.
inventory-nothing-was-imported-yet = Intet er importeret endnu.
inventory-export-todays-assignments-as-csv = Eksportér dagens tildelinger som CSV eller JSON derfra, hvor de er, og importér den fil.
inventory-what-came-of-it = Hvad der kom ud af det
inventory-what-is-held-all-the = Hvad der haves hele tiden, det værste først. Gør det til berettigelse, så det kun er der, mens der er brug for det.
inventory-progress = Fremskridt
inventory-standing-privileged = Fast, privilegeret
inventory-standing-other = Fast, andet
inventory-at-most = højst { $top }
inventory-the-numbers = Tallene
inventory-the-numbers-day-by-day = Tallene, dag for dag
inventory-day = Dag
inventory-activations-the-day-before = Aktiveringer dagen før
inventory-which-standing-access = Hvilken fast adgang
inventory-people-and-groups = Personer og grupper
inventory-applications = Applikationer { $it }
inventory-emergency-accounts = Nødkonti { $it }
inventory-of-privileged-roles-of-others = { $counts } af privilegerede roller, { $counts_2 } af andre.
inventory-an-application-can-activate-nothing = En applikation kan intet aktivere. Fjern det, den ikke har brug for; der er intet at omdanne.
inventory-these-accounts-are-kept-for = Disse konti er beregnet til nødstilfælde: de skal have deres roller hele tiden.
inventory-which-roles = Hvilke roller
inventory-clear-the-filter-to-see = Ryd filteret for at se al fast adgang.
inventory-nothing-is-held-all-the = Intet haves hele tiden.
inventory-that-is-as-it-should = Sådan skal det være: den, der har brug for en rolle, aktiverer den.
inventory-last-here = Sidst her:
inventory-never = aldrig
inventory-until = Indtil { $it }
inventory-on-its-way-to-eligible = På vej til berettiget
inventory-score = Score
inventory-turn-what-is-chosen-into = Gør det valgte til berettigelse
inventory-each-gets-an-eligible-assignment = Hver får en berettiget tildeling ved siden af den faste og en e-mail, der beder dem prøve den. Ingen mister noget, før du er færdig.
inventory-activated-when-needed-from-now = Aktiveres fra nu af efter behov
inventory-add-a-code = Tilføj en kode
inventory-code-from-your-authenticator-app = Kode fra din godkendelsesapp { $it }
inventory-needed-if-the-terms-of = Nødvendig, hvis vilkårene for en af disse roller kræver en.
inventory-make-them-eligible-beside-it = Gør dem berettigede ved siden af
inventory-try = Prøv { $role }
inventory-as-you-would-activate-it = Som du ville aktivere den. En prøve giver intet og tager intet.
inventory-what-you-would-write-when = Hvad du ville skrive, når du har brug for den
inventory-the-role-asks-for-it = Rollen kræver det, så prøven er en rigtig prøve.
inventory-try-it = Prøv den
inventory-standing-access-to-privileged-roles = Fast adgang til privilegerede roller gik fra { $standing_privileged } til { $standing_privileged_2 }, til andre roller fra { $standing_other } til { $standing_other_2 }, berettigede tildelinger fra { $eligible } til { $eligible_2 }.
inventory-eligible-beside-it-by = Berettiget ved siden af, af { $started_by_name }
inventory-tried-by-and-it-works = Prøvet af { $by }, og det virker
inventory-waits-for-its-holder-to = Venter på, at indehaveren prøver det
inventory-not-tried = Ikke prøvet
inventory-standing-access-ended-by = Fast adgang afsluttet af { $by }
inventory-given-up-by = Opgivet af { $by }
inventory-the-standing-access-has-ended = Den faste adgang er sluttet på anden vis
inventory-the-standing-access-can-end = Den faste adgang kan slutte
inventory-the-standing-access-ends = Den faste adgang slutter
inventory-choose-at-least-one-row = Vælg mindst én række.
inventory-this-was-tried-already-and = Dette er allerede prøvet, og det virker.
inventory-this-is-done-activate-the = Dette er gjort: aktivér rollen, når du har brug for den.
inventory-this-was-given-up-you = Dette blev opgivet: du har rollen som før.
inventory-your-standing-access-has-ended = Din faste adgang er sluttet: aktivér rollen, når du har brug for den.
inventory-at-most-of = Højst { $maximum }. { $how_to_write }
inventory-made = Oprettet
inventory-there-already = Fandtes allerede
inventory-left-out = Udeladt
inventory-handed-in = Indleveret
inventory-closed = Lukket
inventory-from = { $label } fra
inventory-dont-make-places = Opret ikke steder
inventory-choose-a-column = Vælg en kolonne
inventory-no-column = Ingen kolonne
inventory-draft = Kladde
inventory-thrown-away = Kasseret
inventory-there-already-of = { $already } fandtes allerede
inventory-pasted-list = indsat liste
inventory-choose-a-file-or-paste = Vælg en fil, eller indsæt dens tekst.
inventory-the-same-file-was-imported = Den samme fil blev importeret med den samme tilknytning af { $by_name }, { $when }.
inventory-close-the-import = Luk importen
inventory-more-than = mere end { $most_counted }
inventory-anywhere = Overalt
inventory-all-roles = Alle roller
inventory-others = Andre
inventory-with-or-without-end = Med eller uden slutdato
inventory-permanent = Permanent
inventory-count-left-out = { $count } udeladt
inventory-count-shortened = { $count } afsluttet ved vilkårene
inventory-count-new-roles = { $count } nye roller
inventory-count-new-places = { $count } nye steder
inventory-field-principal = Hvem
inventory-field-role = Rolle
inventory-field-scope = Hvor
inventory-field-kind = Berettiget eller aktiv
inventory-field-starts-at = Fra
inventory-field-ends-at = Indtil
inventory-field-justification = Hvorfor
inventory-imported-from-this-file = Importeret fra denne fil
