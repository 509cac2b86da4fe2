frame-skip-to-the-content = Spring til indholdet
frame-search-everything = Søg i alt
frame-main = Hovedmenu
frame-waiting = venter
frame-your-account = { $person }, din konto
frame-light-or-dark = Lys eller mørk
frame-switch-between-light-and-dark = Skift mellem lys og mørk
frame-qr-code-for-your-authenticator = QR-kode til din godkendelsesapp
frame-scan-this-with-an-authenticator = Scan den med en godkendelsesapp.
frame-no-camera-type-this-in = Intet kamera? Skriv dette i stedet:
frame-code-from-your-authenticator-app = Kode fra din godkendelsesapp
frame-there-is-nobody-to-choose = Der er endnu ingen at vælge.
frame-pages-of-the-list = Listens sider
frame-back-to-the-start = Tilbage til begyndelsen
frame-older = Ældre
frame-go-to-my-access = Gå til Min adgang
frame-status = Status { $status }
frame-request = anmodning { $it }
frame-times-are-in = Tider er i { $zone }.
frame-language-and-time-zone = Sprog og tidszone
frame-script-days = { $days } dage
frame-script-over = { $name } er slut.
frame-script-soon = { $name } slutter om fem minutter.
frame-script-copied = Kopieret
frame-script-at-once = med det samme
frame-script-cut = Forkortet: din berettigelse slutter da.
frame-script-roles-selected = { $count ->
    [one] 1 rolle valgt
   *[other] { $count } roller valgt
}
frame-script-assignments-selected = { $count ->
    [one] 1 tildeling valgt
   *[other] { $count } tildelinger valgt
}
frame-deliveries = Leveringer
frame-error = Fejl
frame-to-be-mended = { $count ->
    [one] 1 ting skal rettes.
   *[other] { $count } ting skal rettes.
}
