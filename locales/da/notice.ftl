# Mails og beskeder.

notice-footer = Sendt af Latchkey. Der sker intet, når du åbner et link. Tider er i zonen { $zone }; du vælger selv på din kontoside under Beskeder, hvordan du får besked.

# Navne på oplysninger, på hvad folk har skrevet, og på links.
notice-requester = Hvem
notice-holder = Hvem
notice-role = Rolle
notice-scope = Hvor
notice-duration = Varighed
notice-from = Fra
notice-until = Indtil
notice-ended-at = Sluttede
notice-ticket = Sag
notice-reason = Begrundelse
notice-reason-given = Begrundelse for afgørelsen
notice-because = Hvorfor
notice-decide-by = Afgør senest
notice-granted = Godkendt i
notice-by = Af
notice-author = Hvem
notice-what = Hvad
notice-decided-by = Afgjort af
notice-at = Hvornår
notice-address = Fra adressen
notice-places-below = Steder nedenunder, der følger med
notice-what-changed = Hvad der blev ændret
notice-assignments = Tildelinger
notice-without-end = uden slutdato
notice-open = Se på det
notice-open-request = Åbn anmodningen
notice-open-change = Åbn ændringen
notice-open-audit = Åbn revisionssporet
notice-open-account = Åbn din konto
notice-extend = Forlæng
notice-ask-more-time = Bed om mere tid
notice-ask-again-link = Bed om den igen
notice-choose = Vælg, hvordan du får besked

# Anmodninger.
notice-approval-subject = Godkend? { $requester }: { $role }, { $duration }
notice-approval-subject-ticket = Godkend? { $requester }: { $role }, { $duration } — { $ticket }
notice-approval = { $requester } beder om { $role } på { $scope } i { $duration }.
notice-extension-subject = Godkend mere tid? { $requester }: { $role }, { $duration }
notice-extension-subject-ticket = Godkend mere tid? { $requester }: { $role }, { $duration } — { $ticket }
notice-extension = { $requester } beder om at beholde { $role } på { $scope } i { $duration } mere.
notice-reminder-subject = Venter stadig: { $requester }: { $role }, { $duration }
notice-reminder-subject-ticket = Venter stadig: { $requester }: { $role }, { $duration } — { $ticket }
notice-reminder = { $requester } venter stadig på { $role } på { $scope } i { $duration }.
notice-decide = Åbn anmodningen for at godkende den, godkende den i kortere tid eller afslå den.
notice-approved-subject = Godkendt: { $role } på { $scope }, { $duration }
notice-approved = { $approver } godkendte din anmodning om { $role } på { $scope } i { $duration }.
notice-denied-subject = Afslået: { $role } på { $scope }
notice-denied = { $approver } afslog din anmodning om { $role } på { $scope }.
notice-usable-until = Du kan bruge den nu, indtil { $end }.
notice-starts-at = Den begynder { $start }.
notice-handled-approved-subject = Klaret af { $approver }: { $requester }, { $role } – godkendt
notice-handled-approved = { $approver } godkendte anmodningen fra { $requester } om { $role } på { $scope } i { $duration }.
notice-handled-denied-subject = Klaret af { $approver }: { $requester }, { $role } – afslået
notice-handled-denied = { $approver } afslog anmodningen fra { $requester } om { $role } på { $scope }.
notice-nothing-left = Du behøver ikke gøre mere.
notice-failed-subject = Ikke aktiveret: { $role } på { $scope }, { $requester }
notice-failed = { $role } på { $scope } blev ikke aktiveret for { $requester }: forholdene har ændret sig, siden der blev bedt om den.
notice-lapsed-subject = Ingen nåede at afgøre: { $role } på { $scope }
notice-lapsed = Ingen nåede at afgøre din anmodning om { $role } på { $scope }, så den er bortfaldet.
notice-lapsed-other-subject = Ingen nåede at afgøre: { $requester }, { $role } på { $scope }
notice-lapsed-other = Ingen nåede at afgøre anmodningen fra { $requester } om { $role } på { $scope }, så den er bortfaldet.
notice-ask-again = Bed om den igen, hvis du stadig har brug for den.

# Adgang for en tid.
notice-usable-subject = Klar til brug: { $role } på { $scope }, indtil { $end }
notice-usable = Du kan bruge { $role } på { $scope } nu, indtil { $end }.
notice-end-it-early = Bliver du færdig før, så afslut den på anmodningens side.
notice-activated-subject = Aktiveret: { $requester }, { $role } på { $scope }, { $duration }
notice-activated-subject-ticket = Aktiveret: { $requester }, { $role } på { $scope }, { $duration } — { $ticket }
notice-activated = { $requester } aktiverede { $role } på { $scope } i { $duration }.
notice-ending-soon-subject = 5 minutter tilbage: { $role } på { $scope }
notice-ending-soon = { $role } på { $scope } slutter om fem minutter, { $end }. Forlæng nu, hvis du stadig har brug for den.
notice-ended-own-subject = Slut: { $role } på { $scope }
notice-ended-subject = Slut: { $holder }, { $role } på { $scope }
notice-ended-own = Din adgang til { $role } på { $scope } er slut: tiden er gået.
notice-ended = Adgangen for { $holder } til { $role } på { $scope } er slut: tiden er gået.
notice-ended-eligibility = Adgangen for { $holder } til { $role } på { $scope } er slut, fordi den berettigelse, den hvilede på, er slut.
notice-ended-by-own = { $by } afsluttede din adgang til { $role } på { $scope }.
notice-ended-by = { $by } afsluttede adgangen for { $holder } til { $role } på { $scope }.
notice-ended-ticket-own = Din adgang til { $role } på { $scope } er slut, fordi dens sag blev lukket.
notice-ended-ticket = Adgangen for { $holder } til { $role } på { $scope } er slut, fordi dens sag blev lukket.
notice-ended-ticket-again = Har du brug for mere tid, så aktivér den igen med en sag, der er åben.
notice-emergency-subject = Nødsituation: { $requester }, { $role } på { $scope }, { $duration }
notice-emergency = { $requester } tog { $role } på { $scope } i { $duration } i en nødsituation, uden godkendelse.
notice-emergency-own = Du tog { $role } på { $scope } i { $duration } i en nødsituation, uden godkendelse.
notice-emergency-review = Se efter, hvad der sker. Bagefter skal en anden gennemgå det.
notice-emergency-reviewed = Alle, der ellers skulle have godkendt, har fået besked, og en anden gennemgår det.

# Tildelinger.
notice-eligible-own-subject = Du kan aktivere: { $role } på { $scope }
notice-eligible-own = { $by } gjorde dig berettiget til { $role } på { $scope }: aktiver den, når du har brug for den.
notice-active-own-subject = Du har: { $role } på { $scope }
notice-active-own = { $by } tildelte dig { $role } på { $scope }: du har den uden at aktivere den.
notice-eligible-subject = Berettiget: { $holder }, { $role } på { $scope }
notice-eligible = { $by } gjorde { $holder } berettiget til { $role } på { $scope }.
notice-active-subject = Tildelt: { $holder }, { $role } på { $scope }
notice-active = { $by } tildelte { $holder } { $role } på { $scope } uden aktivering.
notice-changed-own-subject = Nye datoer: { $role } på { $scope }
notice-changed-own = { $by } gav din tildeling af { $role } på { $scope } andre datoer.
notice-changed-subject = Nye datoer: { $holder }, { $role } på { $scope }
notice-changed = { $by } gav tildelingen af { $role } på { $scope } til { $holder } andre datoer.
notice-removed-own-subject = Taget fra dig: { $role } på { $scope }
notice-removed-own = { $by } fjernede din tildeling af { $role } på { $scope }.
notice-removed-subject = Fjernet: { $holder }, { $role } på { $scope }
notice-removed = { $by } fjernede tildelingen af { $role } på { $scope } fra { $holder }.
notice-ends-two-weeks-own-subject = Slutter om 14 dage: { $role } på { $scope }
notice-ends-a-day-own-subject = Slutter om en dag: { $role } på { $scope }
notice-ended-assignment-own-subject = Er sluttet: { $role } på { $scope }
notice-ends-eligible-own = Du kan aktivere { $role } på { $scope } indtil { $end } og ikke længere. Bed om mere tid, hvis du har brug for den længere.
notice-ends-active-own = Du har { $role } på { $scope } indtil { $end } og ikke længere. Bed om mere tid, hvis du har brug for den længere.
notice-ended-assignment-own = Din tildeling af { $role } på { $scope } sluttede { $end }. Bed om den igen inden 30 dage, hvis du stadig har brug for den.
notice-ends-two-weeks-subject = Slutter om 14 dage: { $holder }, { $role } på { $scope }
notice-ends-two-weeks-many-subject = { $count } tildelinger slutter om 14 dage
notice-ends-a-day-subject = Slutter om en dag: { $holder }, { $role } på { $scope }
notice-ends-a-day-many-subject = { $count } tildelinger slutter om en dag
notice-ended-assignment-subject = Er sluttet: { $holder }, { $role } på { $scope }
notice-ended-assignment-many-subject = { $count } tildelinger er sluttet
notice-ends = { $count ->
    [one] 1 tildeling slutter snart. Den, der stadig har brug for den, kan bede om mere tid, eller du giver den.
   *[other] { $count } tildelinger slutter snart. De, der stadig har brug for dem, kan bede om mere tid, eller du giver den.
}
notice-ended-assignments = { $count ->
    [one] 1 tildeling er sluttet.
   *[other] { $count } tildelinger er sluttet.
}
notice-ends-line-eligible = { $holder }: { $role } på { $scope } (berettiget), { $end }
notice-ends-line-active = { $holder }: { $role } på { $scope } (aktiv), { $end }
notice-and-more = { $count ->
    [one] og 1 mere
   *[other] og { $count } flere
}
notice-conversion-started-subject = Prøv din berettigelse: { $role } på { $scope }
notice-conversion-started = { $by } ønsker, at { $role } på { $scope } kun er der, når der er brug for den. Fra nu af kan du aktivere den, og du har den stadig som før.
notice-conversion-try = Prøv at aktivere den, som du ville gøre, når du har brug for den. En prøve giver intet og tager intet; den viser, om det virker. Derefter kan din stående adgang slutte.
notice-conversion-tried-subject = Prøvet og virker: { $holder }, { $role } på { $scope }
notice-conversion-tried = { $by } prøvede at aktivere { $role } på { $scope }, og det virker. Den stående adgang fortsætter, indtil en administrator afslutter den.
notice-conversion-finished-subject = Aktiver den, når du har brug for den: { $role } på { $scope }
notice-conversion-finished = { $by } afsluttede din stående adgang til { $role } på { $scope }. Aktiver den, når du har brug for den.
notice-conversion-abandoned-subject = Bliver, som den var: { $role } på { $scope }
notice-conversion-abandoned = { $by } lod din adgang til { $role } på { $scope } være, som den var: du har den uden at aktivere den.

# Ændringer, der kræver en anden persons ord, og vilkår.
notice-change-settings = svagere vilkår for { $role }
notice-change-assign-eligible = { $role } til { $subject }, berettiget
notice-change-assign-active = { $role } til { $subject }, aktiv
notice-change-dates = andre datoer for { $role } hos { $subject }
notice-change-to-eligible = { $role } hos { $subject } som berettiget
notice-change-to-active = { $role } hos { $subject } som aktiv
notice-change-place = et andet sted til { $scope }
notice-change-role = en ændring af rollen { $role }
notice-change-more-time = mere tid med { $role }
notice-change-again = { $role } igen
notice-change-policy = politikfiler
notice-change-wanted-subject = Dit ord? { $author }: { $what }
notice-change-wanted = { $author } beder om { $what }. Det træder kun i kraft, hvis en anden er enig.
notice-change-decide = Se, hvad der ville blive ændret, og afgør det.
notice-change-done-subject = Gennemført: { $what }
notice-change-done = Det, { $author } bad om, blev gennemført: { $what }.
notice-change-declined-subject = Afslået: { $what }
notice-change-declined = Det, { $author } bad om, blev afslået: { $what }.
notice-change-failed-subject = Kunne ikke gennemføres: { $what }
notice-change-failed = Det, { $author } bad om, kunne ikke gennemføres: { $what }.
notice-change-lapsed-subject = Ingen nåede at afgøre: { $what }
notice-change-lapsed = Ingen nåede at afgøre det, { $author } bad om: { $what }.
notice-change-withdrawn-subject = Trukket tilbage: { $what }
notice-change-withdrawn = { $author } trak det tilbage, der var bedt om: { $what }.
notice-settings-subject = Vilkår ændret: { $role } på { $scope }, af { $by }
notice-settings-put-back-subject = Svækket og sat tilbage: { $role } på { $scope }, af { $by }
notice-settings-put-back = De var blevet svækket mindre end et døgn før og er strengere igen. Find ud af, hvad det var til.
notice-settings-weak-since = Svagere siden
notice-settings-begun = Aktiveringer, der begyndte imens
notice-settings-weaker-subject = Svagere vilkår: { $role } på { $scope }, af { $by }
notice-settings = { $by } ændrede vilkårene for { $role } på { $scope }.
notice-setting = { $field }: { $before } → { $after }

# Konti.
notice-break-glass-subject = Nødkonto logget ind: { $account }
notice-break-glass = Nødkontoen { $account } loggede ind.
notice-break-glass-find-out = Find ud af hvorfor nu, hvis du ikke ved det.
notice-credential-subject = Din måde at logge ind på blev ændret
notice-credential-not-you = Var det ikke dig, så sig det til en administrator nu: de kan afslutte dine sessioner og give dig en ny start.
notice-credential-set-up = Din konto blev sat op gennem et engangslink.
notice-credential-password = Din adgangskode blev ændret.
notice-credential-authenticator = En ny godkendelsesapp blev sat op til din konto.
notice-credential-codes = Der blev lavet nye gendannelseskoder til din konto. De gamle virker ikke længere.
notice-credential-deputy = Der blev udpeget en stedfortræder, som beslutter for dig, mens du er væk: { $name }.
notice-credential-token = Der blev lavet et nyt token til din konto: { $name }.

# Resuméer.
notice-week-subject = Din uge: { $people ->
    [one] 1 person aktiverede roller
   *[other] { $people } personer aktiverede roller
}, { $permanent } gjort permanente
notice-week = Hvad der skete i løbet af en uge: { $scope }.
notice-week-figures = I tal
notice-week-people = { $people ->
    [one] 1 person
   *[other] { $people } personer
} aktiverede roller, { $activations ->
    [one] én gang
   *[other] { $activations } gange
}
notice-week-permanent = { $count } fik en rolle uden slutdato og uden aktivering
notice-week-active = { $count } fik en rolle for en tid uden aktivering
notice-week-eligible = { $count } blev berettigede
notice-week-top = Roller med flest stående og berettigede
notice-week-role = { $role }: { $count }
notice-week-settings = Vilkår, der blev ændret
notice-week-changed = { $role } på { $scope }, af { $by }
notice-week-unused = Berettiget, men ikke brugt i 90 dage
notice-week-unused-line = { $holder }: { $role } på { $scope }
notice-week-more = og { $count } flere
notice-day-subject = { $waiting } venter på dig, { $news } andre ting at vide
notice-day-waiting-subject = { $waiting ->
    [one] 1 anmodning venter på dig
   *[other] { $waiting } anmodninger venter på dig
}
notice-day-news-subject = Dit resumé: { $news } ting at vide
notice-day = Dagens resumé til dig.
notice-day-waiting = Venter på din afgørelse
notice-day-waiting-line = { $author }: { $what } på { $scope }, indtil { $end }
notice-day-news = Til orientering

# Sider: hvem der får besked om hvad.
notices-topic-requests = Anmodninger
notices-topic-activations = Adgang for en tid
notices-topic-assignments = Tildelinger
notices-topic-changes = Vilkår og ændringer
notices-approval-wanted = En anmodning venter på en afgørelse
notices-approval-reminder = En anmodning venter stadig
notices-decided = En anmodning blev afgjort
notices-handled = En anden har klaret det
notices-failed = Adgangen kunne ikke begynde
notices-lapsed = Ingen nåede at afgøre
notices-activated = Adgangen er begyndt
notices-ending-soon = Der er fem minutter tilbage
notices-ended = Adgangen er slut
notices-emergency-used = Adgang blev taget i en nødsituation
notices-assigned-eligible = Nogen blev berettiget
notices-assigned-active = Nogen fik rollen uden aktivering
notices-assignment-changed = En tildeling fik andre datoer
notices-assignment-removed = En tildeling blev fjernet
notices-ends-in-two-weeks = En tildeling slutter om 14 dage
notices-ends-in-a-day = En tildeling slutter om en dag
notices-assignment-ended = En tildeling er sluttet
notices-conversion = Stående adgang bliver til berettigelse
notices-more-time-wanted = Nogen beder om mere tid
notices-more-time-decided = Mere tid blev afgjort
notices-settings-changed = Vilkår blev ændret
notices-change-wanted = En ændring venter på en anden persons ord
notices-change-decided = En ændring blev afgjort
notices-break-glass-sign-in = En nødkonto loggede ind
notices-credentials-changed = Din måde at logge ind på blev ændret
notices-requester = den, der bad om det
notices-holder = den, der har den
notices-author = den, der ønskede det
notices-approvers = godkendere
notices-deciders = dem, der kan afgøre det
notices-administrators = administratorer
notices-shipped-on = Som leveret: får besked
notices-shipped-off = Som leveret: får ikke besked
notices-on = Får besked
notices-eligible = Får besked, også de berettigede
notices-urgent = Får besked, hvis der skal gøres noget
notices-urgent-eligible = Får besked, hvis der skal gøres noget, også de berettigede
notices-off = Får ikke besked
notices-inside-on = får besked
notices-inside-off = får ikke besked
notices-inside-urgent = kun det, der kræver handling
notices-inside-eligible = også de berettigede
notices-tells-one = siger det til den, det handler om
notices-tells = { $people ->
    [0] siger det ikke til nogen
    [one] siger det til 1 person
   *[other] siger det til { $people } personer
}
notices-there-are = { $people ->
    [0] der er ingen
    [one] 1 person
   *[other] { $people } personer
}
notices-in-summary = { $people ->
    [one] 1 af dem i det daglige resumé
   *[other] { $people } af dem i det daglige resumé
}
notices-and-addresses = { $addresses ->
    [one] og 1 adresse mere
   *[other] og { $addresses } adresser mere
}
notices-as-shipped = som leveret
notices-asks = kræver handling
notices-always = får altid besked
notices-title = Beskeder
notices-help = Hvem der får besked om hvad for denne rolle. Det, nogen skal afgøre, går kun til dem, der kan.
notices-what = Hvad
notices-told = Besked
notices-others = Også til
notices-others-of = Også til, for: { $what }, { $who }
notices-changed = { $count ->
    [one] 1 afviger fra det leverede
   *[other] { $count } afviger fra det leverede
}
notices-mine-title = Beskeder
notices-mine-help = Det, der kræver noget af dig, kommer altid med det samme. Resten kommer, som du vil.
notices-mine-occasions = Hvad der kommer hvornår
notices-mine-occasions-help = Tider er i { $zone }.
notices-at-once = Med det samme
notices-daily = I det daglige resumé
notices-never = Slet ikke
notices-quiet = Stille timer
notices-quiet-help = Det, der ikke kræver noget af dig, venter, til de er forbi. Lad begge stå tomme for ingen.
notices-quiet-from = Fra
notices-quiet-to = Til
notices-quiet-form = For eksempel 20:00.
notices-summaries = Resuméer
notices-summaries-help = Sendes med mail efter organisationens ur.
notices-summary-daily = Dagens resumé, når anmodninger venter på mig
notices-summary-weekly = Ugens resumé, hvor jeg administrerer
notices-save = Gem
notices-back = Din konto
notices-account-row = Hvordan du får besked
notices-account-sub = Med det samme, en gang om dagen eller slet ikke; og stille timer
notices-account-link = Vælg
notices-both-fault = Skriv begge, eller lad begge stå tomme.

# Deliveries.
notice-undelivered-subject = Beskeder når ikke frem til { $about }
notice-undelivered = En besked kunne ikke leveres til { $about }.
notice-undelivered-look = Hvad der venter, hvad der er opgivet og hvorfor, står på denne side, hvor det kan sendes igen. Du får besked om det én gang om dagen.
notice-test-subject = En prøve fra Latchkey
notice-test = Mail fra Latchkey når frem til dig. Du bad om denne prøve { $at }.
notice-review-by = Gennemgå inden
notice-emergency-reviewed-subject = Gennemgået af { $reviewer }: din nødadgang til { $role } på { $scope }
notice-emergency-justified = { $reviewer } gennemgik din nødadgang til { $role } på { $scope } og fandt, at det var en nødsituation.
notice-emergency-not-justified = { $reviewer } gennemgik din nødadgang til { $role } på { $scope } og fandt, at den burde have ventet på sin godkendelse.
notice-emergency-overdue-subject = Gennemgang over tiden: { $requester }, { $role } på { $scope }
notice-emergency-overdue = { $requester } tog { $role } på { $scope } i en nødsituation, og ingen har gennemgået det i tide.
notice-commented-subject = { $by } skrev om din anmodning: { $role } på { $scope }
notice-commented = { $by } skrev om din anmodning om { $role } på { $scope }.
notice-commented-own-subject = { $requester } skrev om sin anmodning: { $role } på { $scope }
notice-commented-own = { $requester } skrev om sin anmodning om { $role } på { $scope }.
notice-they-wrote = De skrev
notice-answer-on-its-page = Svar på anmodningens side.
notice-silence-subject = Ingen svarede, derfor godkendt: { $requester }, { $role } på { $scope }, { $duration }
notice-silence = Ingen afgjorde anmodningen fra { $requester } om { $role } på { $scope } i tide, og rollens vilkår tager det som et ja.
notice-silence-settings = Skal det ikke være sådan, så bed om en afgørelse i rollens indstillinger.
notice-agreed-subject = { $approver } er enig, andre skal også være det: { $role } på { $scope }
notice-agreed = { $approver } er enig i din anmodning om { $role } på { $scope }. Andre skal også være det.
notice-deputy-subject = Du træder i stedet for { $by }
notice-deputy = { $by } er væk og har udpeget dig: du kan imens afgøre det, der venter på { $by }.
notice-deputy-own = Dine egne anmodninger kan du aldrig afgøre.
notice-open-approvals = Det, der venter på dig
notice-unreachable-subject = Ingen kan godkende: { $role } på { $scope }
notice-unreachable = Vilkårene for { $role } på { $scope } kræver en godkendelse, som ingen længere kan give: den, der spørger, venter forgæves.
notice-unreachable-settings = Udpeg nogen, der godkender, i indstillingerne.
notice-open-settings = Rollens indstillinger
notices-agreed = Nogen er enig, og andre skal også være det
notices-commented = Nogen skrev om en anmodning
notices-passed-in-silence = Tavshed blev taget som et ja
notices-emergency-reviewed = Nogen gennemgik en nødsituation
notices-emergency-overdue = En nødsituation blev ikke gennemgået i tide
notices-approval-unreachable = Ingen kan længere godkende
notices-deputy-named = Du skal afgøre for en, der er væk
notice-quarantine-subject = Databasen er sat tilbage: ingen kan aktivere noget
notice-quarantine = Databasen indeholder ikke det, der er skrevet ned uden for den. Den er sat tilbage til en tidligere tilstand, eller noget i den er fjernet. Intet, der var aktiveret, gælder, og ingen kan aktivere noget.
notice-witnessed-at = Sidst skrevet ned
notice-quarantine-what-now = Find ud af, hvem der gjorde det. Derefter logger nogen ind med en nødkonto og begynder en ny epoke.
notice-taken-back-subject = Trukket tilbage: { $requester }, { $role } på { $scope }
notice-taken-back = { $by } trak anmodningen fra { $requester } om { $role } på { $scope } tilbage.
notice-taken-back-own = { $requester } trak sin anmodning om { $role } på { $scope } tilbage.
notices-taken-back = En anmodning blev trukket tilbage
