frame-skip-to-the-content = Skip to the content
frame-search-everything = Search everything
frame-main = Main
frame-waiting = waiting
frame-your-account = { $person }, your account
frame-light-or-dark = Light or dark
frame-switch-between-light-and-dark = Switch between light and dark
frame-qr-code-for-your-authenticator = QR code for your authenticator app
frame-scan-this-with-an-authenticator = Scan this with an authenticator app.
frame-no-camera-type-this-in = No camera? Type this in instead:
frame-code-from-your-authenticator-app = Code from your authenticator app
frame-there-is-nobody-to-choose = There is nobody to choose yet.
frame-pages-of-the-list = Pages of the list
frame-back-to-the-start = Back to the start
frame-older = Older
frame-go-to-my-access = Go to My access
frame-status = Status { $status }
frame-request = request { $it }
frame-times-are-in = Times are in { $zone }.
frame-language-and-time-zone = Language and time zone
frame-script-days = { $days } days
frame-script-over = { $name } has ended.
frame-script-soon = { $name } ends in five minutes.
frame-script-copied = Copied
frame-script-at-once = at once
frame-script-cut = Shortened: your eligibility ends then.
frame-script-roles-selected = { $count ->
    [one] 1 role selected
   *[other] { $count } roles selected
}
frame-script-assignments-selected = { $count ->
    [one] 1 assignment selected
   *[other] { $count } assignments selected
}
frame-deliveries = Deliveries
frame-error = Error
frame-to-be-mended = { $count ->
    [one] Please fix one thing.
   *[other] Please fix { $count } things.
}
