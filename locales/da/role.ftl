role-assignments-end = { $count ->
    [one] 1 tildeling eller aktivering slutter med det samme.
   *[other] { $count } tildelinger og aktiveringer slutter med det samme.
}
role-activity = Aktivitet
role-nothing-has-happened-yet = Intet er sket endnu.
role-activations-decisions-and-changes-of = Aktiveringer, afgørelser og ændringer af denne rolle vises her.
role-every-event-about-this-role = Alle hændelser om denne rolle
role-filter-and-export = Filtrér og eksportér
role-eligible = Berettiget { $it }
role-active = Aktiv { $it }
role-expired = Udløbet
role-nobody-is-eligible = Ingen er berettiget.
role-add-an-assignment-and-those = Tilføj en tildeling, så kan de personer aktivere rollen, når de har brug for den.
role-nobody-holds-this-role-now = Ingen har denne rolle nu.
role-that-is-as-it-should = Sådan skal det være, når ingen har brug for den.
role-nothing-has-expired = Intet er udløbet.
role-assignments-that-ended-stay-here = Tildelinger, der er afsluttet, bliver her som historik.
role-change = Ændr { $role }
role-it-counts-at-once-for = Det gælder med det samme for alle, der har den. Det, der ville lade dig selv gøre mere, venter på endnu en administrator.
role-save-the-role = Gem rollen
role-production-database-operator = Operatør af produktionsdatabasen
role-what-it-lets-its-holder = Hvad den lader indehaveren gøre
role-whoever-holds-it-could-do = Den, der har den, kunne gøre stor skade. Den begynder med en frisk kode og aldrig uden slutdato.
role-where-it-can-be-held = Hvor den kan haves
role-what-it-allows-in-latchkey = Hvad den tillader i Latchkey
role-leave-all-empty-for-a = Lad alt stå tomt for en rolle uden for Latchkey. Det, der ændrer noget, gør den privilegeret. Personer, applikationer, roller og revisionsloggen administreres kun for hele organisationen.
role-who-may-have-which-power = Hvem der må have hvilke beføjelser, og på hvilke vilkår.
role-assign-a-role-at = Tildel en rolle på { $place }
role-choose-which-it-counts-there = Vælg hvilken. Den gælder der og overalt derunder.
role-expiring = Udløber
role-new-role = Ny rolle
role-no-role-that-you-may = Ingen rolle, du må se.
role-roles-appear-here-once-you = Roller vises her, når du må administrere eller læse dem.
role-standing = Fast
role-it-begins-with-careful-terms = Den begynder med forsigtige vilkår. Du sætter dem bagefter.
role-make-the-role = Opret rollen
role-change-role = Ændr rollen
role-assignments = Tildelinger
role-select-several-to-change-them = Vælg flere for at ændre dem med én begrundelse og én kode. Du ser først, hvad der ville ske.
role-it-stays-on-record-and = Den består i historikken, og ingen har den længere. Det kan ikke fortrydes.
role-looking = Se
role-roles-and-who-has-them = Roller og hvem der har dem
role-people-and-applications = Personer og applikationer
role-places-and-groups = Steder og grupper
role-choose-from-the-list = vælg fra listen
role-write-why = skriv hvorfor
role-nobody-holds-it-and-nobody = Ingen har den, og ingen anmoder om den.
role-or-others = { $most } eller { $others ->
    [one] 1 anden
   *[other] { $others } andre
}
role-code = Kode
role-at-most = højst { $maximum }
role-at = {" "}på { $name }
